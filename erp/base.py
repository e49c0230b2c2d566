"""The application without its doors: what a worker or a command needs to call verbs. It starts in two thirds of the time."""

from __future__ import annotations

from flask import Flask

from erp import config, language, models
from erp.kernel import log, mode
from erp.kernel.db import READING, db


def create_base(settings: config.Settings | None = None) -> Flask:
    """Verbs on the configured database, for nobody's requests. Raises `WrongInstance` when the stamp disagrees."""
    settings = settings or config.get()
    app = Flask(__name__)
    prepare(app, settings)
    verify(app, settings)
    return app


def prepare(app: Flask, settings: config.Settings) -> None:
    """Give `app` what every application of Ref stands on: log, settings, tables, languages."""
    log.configure(settings.log_level)
    assert models.metadata.tables, "every table is known before any row is written"
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 8, "max_overflow": 8, **READING},
        REF=settings,
    )
    db.init_app(app)
    language.register(app)


def verify(app: Flask, settings: config.Settings) -> None:
    """Raise `WrongInstance` when the stamp of the database disagrees with the settings."""
    with app.app_context(), db.engine.connect() as connection:
        mode.verify(connection, settings)
