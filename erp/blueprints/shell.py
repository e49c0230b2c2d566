"""What every page's frame asks for: who is here, what they may do, the mode, the moment, the language.

They are functions, so that a page that needs none of them (an error with the database away) asks for none.
"""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, current_app, g, session
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from erp.blueprints.help import help_here
from erp.blueprints.navigation import Navigation, area_here, navigation
from erp.blueprints.present import now
from erp.blueprints.seen import seen
from erp.blueprints.waiting import waiting_by_page
from erp.kernel.permissions import Permission
from erp.language import locale


def register(app: Flask) -> None:
    """Give the templates of `app` their frame."""
    app.jinja_env.globals.update(
        area_here=area_here,
        language=language_tag,
        help_here=help_here,
        may=may,
        mode=mode,
        nav=nav,
        now=now,
        seen=seen,
    )
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})


def csrf_token() -> str:
    """What the forms of this session send along. It is signed once, as it lasts as long as the session."""
    token: str | None = g.get("csrf_token")
    if token is None:
        kept = session.get("csrf_token")
        token = g.csrf_token = _signed(kept, current_app.secret_key) if kept else generate_csrf()
    return token


@lru_cache(maxsize=4096)
def _signed(_kept: str, _key: str | bytes | None) -> str:
    return generate_csrf()


def nav() -> Navigation:
    """The areas this member of staff may open, with what waits there for them."""
    granted = current_user.permissions
    return navigation(granted, mode=mode(), busy=waiting_by_page(granted))


def may(permission: str) -> bool:
    """Whether the reader holds a permission ("bookings.write"), so that a page offers only what it will accept."""
    return current_user.is_authenticated and Permission(permission) in current_user.permissions


def mode() -> str:
    """mock or live."""
    return str(current_app.config["REF"].mode)


def language_tag() -> str:
    """The page's language as HTML names it."""
    return str(locale()).replace("_", "-")
