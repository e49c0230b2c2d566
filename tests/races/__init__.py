"""Many at once, over HTTP, against a running instance with two web processes."""
