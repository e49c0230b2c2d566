"""The API as its callers see it: one file an endpoint, over HTTP requests only."""
