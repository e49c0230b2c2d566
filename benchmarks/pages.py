"""What RefERP's rules cost a page: server CPU of a request, ours over the same answer written by hand.

Both sides are routes of one application, so that they pass the same hooks, and are called below HTTP, in turns.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from flask import Flask, jsonify, render_template
from markupsafe import Markup, escape
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.measure import database_cpu, interleaved, own_instance, ratio, report, say, summary

WARMING = 3
BROWSER, ADDRESS = "A browser", "127.0.0.1"
"""Always the same: a session that moves to another is looked at more closely, and signed anew."""
LIST = "/establishments"
ROWS = """select reference, name, kind, street, house, city, count(*) over () from establishment
          order by name, id limit 50"""
PLACE = """select e.reference, e.name, e.kind, e.cuisine, e.street, e.house, e.postcode, e.city, e.country, e.lat,
                  e.lon, e.phone, e.website, e.opening_hours, g.connected_at, b.expires_at
           from establishment e join claim_group g on g.id = e.claim_group_id
           left join booking b on b.claim_group_id = g.id and b.ended_at is null
           where e.reference = %s"""
PLACE_FIELDS = (
    "reference",
    "name",
    "kind",
    "cuisine",
    "street",
    "house",
    "postcode",
    "city",
    "country",
    "lat",
    "lon",
    "phone",
    "website",
    "opening_hours",
)
PAGE = """{% extends "layouts/base.html" %}
{% block title %}Establishments{% endblock %}
{% block main %}{{ before }}{% for row in rows %}REPEATED{% endfor %}{{ after }}{% endblock %}"""


@dataclass(frozen=True)
class Site:
    """The application with a catalogue, and somebody signed in on each door."""

    app: Flask
    cookie: str
    """Of a member of staff."""
    token: str
    """Of an agent."""
    place: str
    """The reference of an establishment."""
    frame: Callable[[], Mapping[str, Any]]
    """What the base layout asks for, as it stands in a request of the member of staff."""


Side = Callable[[], float]


@dataclass
class Bench:
    """Requests of one kind, and what they cost."""

    site: Site
    backend: int
    requests: int
    """Of a round of one side."""
    spent: dict[str, list[float]]

    def cost(self, name: str, path: str, headers: Mapping[str, str]) -> float:
        """CPU microseconds of this process for one request."""
        before, started = database_cpu(self.backend), time.process_time()
        for _ in range(self.requests):
            self.answer(path, headers)
        seconds = time.process_time() - started
        self.spent.setdefault(name, []).append((database_cpu(self.backend) - before) * 1e6 / self.requests)
        return seconds * 1e6 / self.requests

    def answer(self, path: str, headers: Mapping[str, str]) -> bytes:
        """The body of one answer. Raises when it is not 200."""
        from_here = {"REMOTE_ADDR": ADDRESS}
        environ = EnvironBuilder(path, headers=list(headers.items()), environ_base=from_here).get_environ()
        parts, status, _headers = run_wsgi_app(self.site.app.wsgi_app, environ)
        body = b"".join(parts)
        if not status.startswith("200"):
            raise RuntimeError(f"{path} answered {status}: {body[:500]!r}")
        return body


Opened = Callable[[Mapping[str, Callable[[], Any]]], AbstractContextManager[Site]]
"""Makes a site that also answers the given views under /bench/."""


def run(site: Opened, *, rounds: int, requests: int) -> dict[str, Any]:
    """Ratios are ours over the hand-written side; 1 would mean that all the rules cost nothing."""
    with (
        own_instance(REF_API_RATE="1000000 per minute") as urls,
        psycopg.connect(urls["DATABASE_URL"], autocommit=True) as connection,
        site((by_hand := ByHand(connection)).routes()) as made,
    ):
        bench = Bench(made, connection.info.backend_pid, requests, {})
        browser = {"User-Agent": BROWSER, "Accept-Encoding": "identity"}
        staff = browser | {"Cookie": made.cookie}
        agent = {"Authorization": f"Bearer {made.token}", "Accept-Encoding": "identity"}
        kinds = {
            "list_page": (LIST, staff),
            "list_page_by_hand": ("/bench/list", browser),
            "guard": ("/bench/guarded", staff),
            "guard_open": ("/bench/open", browser),
            "json_read": (f"/api/v1/establishments/{made.place}", agent),
            "json_read_by_hand": ("/api/v1/bench/place", agent),
        }
        by_hand.copy(made, bench.answer(LIST, staff).decode())
        bodies = {name: bench.answer(path, headers) for name, (path, headers) in kinds.items()}
        say("measuring")
        sides: dict[str, Side] = {
            name: partial(bench.cost, name, path, headers) for name, (path, headers) in kinds.items()
        }
        for _ in range(WARMING):
            for side in sides.values():
                side()
        bench.spent.clear()
        seen = interleaved(sides, rounds)
    return report(
        "pages",
        {"rounds": rounds, "requests": requests, "rows": 50, "sql_by_hand": {"list": ROWS, "place": PLACE}},
        {f"cpu_us_{name}": summary(values) for name, values in seen.items()}
        | {f"database_us_{name}": summary(values) for name, values in bench.spent.items()}
        | {f"bytes_{name}": len(body) for name, body in bodies.items()}
        | {"bytes_list_page_over_by_hand": _over(bodies["list_page"], bodies["list_page_by_hand"])},
        {
            "list_page": ratio(seen["list_page"], seen["list_page_by_hand"]),
            "guard": ratio(seen["guard"], seen["guard_open"]),
            "json_read": ratio(seen["json_read"], seen["json_read_by_hand"]),
        },
    )


def _over(ours: bytes, theirs: bytes) -> float:
    return round(len(ours) / len(theirs), 3)


class ByHand:
    """The same answers with nothing between the request and the rows."""

    def __init__(self, connection: psycopg.Connection):
        self.connection = connection
        self.reference = ""
        self.context: dict[str, Any] = {}
        self.template: Any = None

    def routes(self) -> dict[str, Callable[[], Any]]:
        return {"list": self.list_page, "open": lambda: "", "guarded": lambda: "", "place": self.place}

    def copy(self, site: Site, page: str) -> None:
        """Make `list_page` answer what `page` holds."""
        first = self.connection.execute(ROWS).fetchall()[0][:-1]
        before, source, after = _taken_apart(page, first)
        self.template = site.app.jinja_env.from_string(PAGE.replace("REPEATED", source))
        self.context = {**site.frame(), "before": Markup(before), "after": Markup(after)}
        self.reference = site.place

    def list_page(self) -> str:
        rows = self.connection.execute(ROWS).fetchall()
        return render_template(self.template, rows=rows, **self.context)

    def place(self) -> Any:
        row = self.connection.execute(PLACE, [self.reference]).fetchone()
        assert row
        answer = dict(zip(PLACE_FIELDS, row, strict=False))
        answer["state"] = "connected" if row[-2] else "booked" if row[-1] else "free"
        return jsonify(answer | {"booked_until": row[-1], "booking": None})


def _taken_apart(page: str, first: tuple[Any, ...]) -> tuple[str, str, str]:
    """What our page has before its rows, a template of one row (the first, its values taken out), what comes after."""
    _, main = re.split(r'<main[^>]*id="main"[^>]*>', page, maxsplit=1)
    before, rest = main.split("<tbody>", 1)
    body, rest = rest.split("</tbody>", 1)
    row = body.split("</tr>", 1)[0] + "</tr>"
    for at, value in sorted(enumerate(first), key=lambda pair: -len(pair[1] or "")):
        text = str(escape((value or "").replace("_", " ")))
        if text and text in row:
            row = row.replace(text, f"{{{{ row[{at}] }}}}")
    return f"{before}<tbody>", row, f"</tbody>{rest.split('</main>', 1)[0]}"


def tell(found: dict[str, Any]) -> str:
    """The result in words."""
    lines = [
        f"{name:<36} {value['median']:>9,.0f}  ({value['least']:,.0f} to {value['most']:,.0f})"
        for name, value in found["measures"].items()
        if isinstance(value, dict)
    ]
    return "\n".join(
        [*lines, *(f"ratio {name:<30} {value:>9.2f}" for name, value in found["ratios"].items())]
    )
