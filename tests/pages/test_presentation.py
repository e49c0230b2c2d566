"""Values on pages read the same everywhere, in the reader's language and zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from jinja2 import DictLoader

from erp.blueprints import address, presentation, states
from erp.blueprints.responses import page_or_part, seen_other

NOW = dt.datetime(2026, 11, 22, 14, 2, tzinfo=dt.UTC)


@pytest.fixture
def small_app() -> Iterator[Flask]:
    app = Flask("small")
    Babel(app)
    presentation.register(app)
    with app.test_request_context("/agents?q=ann&page=3&state="):
        yield app


def test_money_never_breaks_over_two_lines_and_has_a_true_minus(small_app: Flask) -> None:
    assert presentation.format_money(123450, "RUB") == "1,234.50\u00a0₽"
    assert presentation.format_money(-5, "RUB") == "\u22120.05\u00a0₽"
    assert presentation.format_money(1000, "JPY") == "1,000\u00a0¥"
    assert presentation.format_money(None) == "—"


def test_money_follows_the_language(small_app: Flask) -> None:
    with force_locale("ru"):
        assert presentation.format_money(123450, "RUB") == "1\u00a0234,50\u00a0₽"


def test_a_number_among_words_is_written_as_every_other(small_app: Flask) -> None:
    render = small_app.jinja_env.from_string(
        "{{ ngettext('%(num)s of %(a)s', '%(num)s of <%(a)s', n, a='<b>') }}"
    )
    assert render.render(n=1625) == "1,625 of <&lt;b&gt;"
    assert render.render(n=1) == "1 of &lt;b&gt;"


def test_a_moment_is_told_in_the_readers_zone(small_app: Flask) -> None:
    small_app.config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    assert presentation.format_moment(NOW) == "22 Nov 2026, 14:02"
    assert presentation.format_day(NOW) == "22 Nov 2026"
    assert presentation.format_day(NOW.date()) == "22 Nov 2026"


def test_relative_time_looks_both_ways(small_app: Flask) -> None:
    assert presentation.format_since(NOW - dt.timedelta(minutes=4), NOW) == "4 minutes ago"
    assert presentation.format_since(NOW + dt.timedelta(days=3), NOW) == "in 3 days"


def test_a_rate_has_no_idle_zeros(small_app: Flask) -> None:
    assert [presentation.format_bps(bps) for bps in (500, 850, 1, 10_000)] == [
        f"{text}\u00a0%" for text in ("5", "8.5", "0.01", "100")
    ]


def test_an_address_keeps_the_state_it_was_not_asked_to_change(small_app: Flask) -> None:
    assert address.with_args(page=4) == "/agents?q=ann&page=4"
    assert address.with_args(page=None, sort="-name") == "/agents?q=ann&sort=-name"
    assert address.with_args(q="", page="") == "/agents"


def test_only_a_known_theme_is_written_into_the_page(small_app: Flask) -> None:
    with small_app.test_request_context("/", headers={"Cookie": "theme=dark"}):
        assert presentation.chosen_theme() == "dark"
    with small_app.test_request_context("/", headers={"Cookie": 'theme="><script>'}):
        assert presentation.chosen_theme() == ""


def test_every_state_has_a_tone_that_the_style_sheet_knows() -> None:
    assert {state.tone for state in states.STATES.values()} == {"wait", "go", "ok", "bad", "idle"}


def test_htmx_gets_the_part_and_a_browser_the_page(small_app: Flask) -> None:
    small_app.jinja_env.loader = DictLoader(
        {"page": '<main>{% include "part" %}</main>', "part": "rows", "layouts/_toasts.html": ""}
    )
    with small_app.test_request_context("/", headers={"HX-Request-Type": "partial"}):
        part = page_or_part("page", "part")
    with small_app.test_request_context("/"):
        page = page_or_part("page", "part")
    assert (part.get_data(as_text=True), page.get_data(as_text=True)) == ("rows", "<main>rows</main>")
    assert set(part.vary) == set(page.vary) == {"HX-Request", "HX-Request-Type"}


def test_htmx_is_sent_on_by_its_own_header(small_app: Flask) -> None:
    with small_app.test_request_context("/", headers={"HX-Request": "true"}):
        assert (seen_other("/x").status_code, seen_other("/x").headers["HX-Redirect"]) == (204, "/x")
    with small_app.test_request_context("/"):
        assert (seen_other("/x").status_code, seen_other("/x").headers["Location"]) == (303, "/x")
