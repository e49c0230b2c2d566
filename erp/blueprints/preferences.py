"""What a reader may choose: languages and themes by name, and how a browser remembers the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app
from flask_babel import lazy_gettext as _

from erp.domain import staff
from erp.kernel.sentences import LANGUAGES

THEMES = {"light": _("Light"), "dark": _("Dark"), "system": _("As the system")}
ICONS = {"light": "sun", "dark": "moon", "system": "monitor"}
IN_BROWSER = {"language": LANGUAGES.keys(), "theme": frozenset(staff.THEMES)}
"""What a cookie keeps, so that the sign-in page is like the rest, and what it may say."""
YEAR = 365 * 24 * 3600


def remembered(response: Any, preferences: Mapping[str, str | None]) -> Any:
    """The answer, with those preferences that this browser keeps; None makes it forget."""
    for name in IN_BROWSER.keys() & preferences.keys():
        value = preferences[name]
        if value in IN_BROWSER[name]:
            secure = current_app.config["SESSION_COOKIE_SECURE"]
            response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
        else:
            response.delete_cookie(name)
    return response


def register(app: Flask) -> None:
    """Give the templates of `app` what can be chosen at once."""
    app.jinja_env.globals.update(languages=LANGUAGES.items, themes=themes)


def themes() -> list[tuple[str, Any, str]]:
    """Each theme with its name and icon."""
    return [(theme, name, ICONS[theme]) for theme, name in THEMES.items()]
