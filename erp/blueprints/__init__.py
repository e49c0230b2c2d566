"""The pages of RefERP, one file a noun."""

from flask import Flask

from erp.blueprints import (
    api_keys,
    audit,
    clock,
    home,
    jobs,
    presentation,
    sessions,
    shell,
    staff,
)

NOUNS = (home, audit, jobs, staff, api_keys, clock, sessions)


def register(app: Flask) -> None:
    """Mount every page on the application."""
    presentation.register(app)
    shell.register(app)
    for noun in NOUNS:
        app.register_blueprint(noun.bp)
