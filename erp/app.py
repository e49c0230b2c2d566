"""The application: the only place that knows every part."""

from __future__ import annotations

import mimetypes
import secrets
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, Response, g, request
from flask_openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

import mobile_api
from erp import access, base, blueprints, config, errors, extensions
from erp.blueprints.cookies import Sessions
from erp.kernel.db import db
from erp.kernel.outbox import courier

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
mimetypes.add_type("font/woff2", ".woff2")  # Python before 3.14 does not know it
BUILT = "/static/dist/"
"""Where files lie whose names tell their content, so that a browser never asks for one twice."""
LARGEST_REQUEST = 16 * 1024 * 1024


def create_app(settings: config.Settings | None = None) -> Flask:
    """RefERP and its JSON API on the configured database. Raises `WrongInstance` when the stamp disagrees."""
    settings = settings or config.get()
    app = OpenAPI(__name__, doc_ui=False)  # mobile_api/openapi.py serves the description itself
    app.openapi_version = "3.1.0"
    app.config.update(_flask_settings(settings))
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    _add_request_log(app)
    base.prepare(app, settings)
    _add_extensions(app)
    access.enforce(app)
    errors.register(app)
    blueprints.register(app)
    mobile_api.register(app)
    _add_probes(app)
    base.verify(app, settings)
    return app


def _flask_settings(settings: config.Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "SESSION_COOKIE_NAME": "ref",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.public_url.startswith("https:"),
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "SESSION_REFRESH_EACH_REQUEST": False,  # erp/blueprints/sessions.py renews it in good time
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_STORAGE_URI": settings.redis_url.replace("unix://", "redis+unix://", 1),
    }


def _add_extensions(app: Flask) -> None:
    for extension in (extensions.compress, extensions.csrf, extensions.limiter, extensions.login_manager):
        extension.init_app(app)
    app.session_interface = Sessions(app)


def _add_request_log(app: Flask) -> None:
    logger = structlog.get_logger("ref.web")

    @app.before_request
    def name_the_request() -> None:
        g.request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if request.path.startswith(BUILT):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        logger.info("request", method=request.method, endpoint=request.endpoint, status=response.status_code)
        return response


def _add_probes(app: Flask) -> None:
    @app.get("/healthz")
    @access.public("a balancer asks whether the process lives")
    def healthz() -> dict[str, str]:
        return {"status": "ok", "mode": app.config["REF"].mode}

    @app.get("/readyz")
    @access.public("a balancer asks whether requests can be served")
    def readyz() -> tuple[dict[str, str], int]:
        state = {
            "database": _answers(lambda: db.session.execute(sa.text("select 1"))),
            "redis": _answers(lambda: courier().ping()),
        }
        return state, 200 if set(state.values()) == {"ok"} else 503


def _answers(ask: Any) -> str:
    try:
        ask()
    except Exception as error:  # noqa: BLE001  # a probe reports whatever is wrong instead of failing itself
        return type(error).__name__
    return "ok"
