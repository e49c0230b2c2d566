"""The pages of RefERP, one file a noun."""

from flask import Flask

from erp.blueprints import presentation, shell


def register(app: Flask) -> None:
    """Mount every page on the application."""
    presentation.register(app)
    shell.register(app)
