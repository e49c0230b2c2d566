"""The JSON API: what RefAPP (agents) and the owner's product talk to, and what the bank calls back."""

from flask import Flask
from flask_openapi import OpenAPI

from mobile_api import links, openapi, webhooks
from mobile_api.errors import refuse_values
from mobile_api.v1 import NOUNS


def register(app: Flask) -> None:
    """Mount version 1 of the API, the webhooks and the referral links on the application."""
    assert isinstance(app, OpenAPI)
    app.validation_error_callback = refuse_values
    for noun in NOUNS:
        app.register_api(noun)
    for plain in (openapi.blueprint, webhooks.blueprint, links.blueprint):
        app.register_blueprint(plain)
