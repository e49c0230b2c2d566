"""A double of an SMS gateway: accepts texts over HTTP and shows them in an inbox instead of sending them."""
