"""The outside world, one folder a vendor: a client and the one interface that the domain may call."""
