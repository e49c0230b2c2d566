"""Faithful doubles of the outside world that speak the vendors' real protocols over HTTP and can misbehave.

They import nothing of `erp`: whoever talks to them talks to a stranger, as in production.
"""
