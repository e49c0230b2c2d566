"""The JSON API: what RefAPP (agents) and the owner's product talk to."""

from flask import Flask


def register(app: Flask) -> None:
    """Mount version 1 of the API and the webhooks on the application."""
