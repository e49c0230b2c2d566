"""Whose language, formats and time zone: chosen for each request, and the domain's sentences said in them.

Whoever has chosen is asked first (a colleague's preferences, an agent's own language), then the cookies of this
browser, then what the browser or the client asks for by `Accept-Language`.
"""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, Domain, force_locale, get_locale, get_timezone, get_translations, refresh
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept

from erp.kernel.sentences import LANGUAGES, Sentence

babel = Babel()
DEFAULT = "en"
"""Of whoever asks for no language that we speak."""


def register(app: Flask) -> None:
    """Choose the language and the zone of every request to `app`. Refuses to start without the catalogues."""
    babel.init_app(app, default_locale=DEFAULT, locale_selector=chosen_locale, timezone_selector=chosen_zone)
    app.extensions["babel"].instance.domain_instance = Catalogues()
    app.jinja_env.globals.update(_=written, gettext=written)
    app.after_request(_tell_caches)
    with app.app_context():
        known = {found.language for found in babel.list_translations()}
    if missing := set(LANGUAGES) - known - {DEFAULT}:
        raise RuntimeError(f"No compiled catalogue for {', '.join(missing)}: run `make setup`")


def _tell_caches(response: Response) -> Response:
    """One address has a body for each language, which the reader's cookies or their client's wish decide."""
    if response.mimetype in ("text/html", "application/json", "application/problem+json"):
        response.headers["Content-Language"] = str(locale())
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def read_by(person: Any) -> None:
    """From here on this request is answered to `person`, in the language and the zone they chose."""
    g.reader = person
    g.pop("locale", None)
    refresh()


class Catalogues(Domain):
    """Finds the reader's catalogue by the locale itself: to spell its name takes longer than to look up a word."""

    def get_translations(self) -> Any:
        language = locale().language
        found = self.cache.get(language)
        if found is None:
            found = self.cache[language] = super().get_translations()
        return found


def written(text: str, /, **values: Any) -> Markup:
    """A text of a template in the reader's language, with `values` in its places. A page has a hundred of them."""
    language = locale().language
    return _text(text, language) % values if values else _plain_text(text, language)


@lru_cache(maxsize=10_000)
def _text(text: str, _language: str) -> Markup:
    return Markup(get_translations().ugettext(text))


@lru_cache(maxsize=10_000)
def _plain_text(text: str, language: str) -> Markup:
    """One without places; a percent sign is written twice in it, as in those that have some."""
    return _text(text, language) % {}


def say(sentence: Sentence) -> str:
    """What the domain says, in the reader's language and formats."""
    return sentence.word(get_translations(), locale(), get_timezone() or dt.UTC)


def say_in(language: str | None, sentence: Sentence) -> str:
    """The same for somebody who does not make this request: an agent who gets a text message."""
    reader = g.pop("locale", None)
    with force_locale(language or DEFAULT):
        said = say(sentence)
    g.locale = reader
    return said


def locale() -> Locale:
    """The reader's, English where nobody reads. A page asks for it hundreds of times, so that it keeps the answer."""
    if not g:
        return _locale(DEFAULT)
    kept: Locale | None = g.get("locale")
    if kept is None:
        kept = g.locale = get_locale() or _locale(DEFAULT)
    return kept


def chosen_locale() -> Locale | None:
    if not has_request_context():
        return None
    return _locale(
        _own("language") or _known(request.cookies.get("language"), LANGUAGES) or asked_language() or DEFAULT
    )


@cache
def _locale(language: str) -> Locale:
    return Locale(language)


def asked_language() -> str | None:
    """Which of ours the client prefers; None when it asks for none of them, or for nothing."""
    named = LanguageAccept([(tag, quality) for tag, quality in request.accept_languages if tag != "*"])
    return named.best_match(list(LANGUAGES))


def chosen_zone() -> dt.tzinfo | None:
    if not has_request_context():
        return None
    zone = _own("zone") or _known(request.cookies.get("zone"), zones())
    return ZoneInfo(zone) if zone else None


def _own(preference: str) -> str | None:
    """What the colleague or the agent who was let in has chosen. Nobody is looked up for it: an error page asks too."""
    return getattr(g.get("reader"), preference, None)


def _known(value: str | None, known: Any) -> str | None:
    return value if value in known else None


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())
