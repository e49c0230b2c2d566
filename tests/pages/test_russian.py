"""In Russian nothing is left in English: no page says a word in Latin letters that is not a name, a code or a command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from flask import Flask

from erp.access import declared
from erp.domain import staff
from erp.kernel import clock
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.pages.conftest import PASSWORD, TEST, sign_in
from tests.support.office import Office

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-confirm", "data-broken", "data-offline")
SILENT = ("script", "style", "svg", "code", "kbd", "pre")
WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
FOR_PROGRAMS = re.compile(
    r"https?://\S+|[A-Z]{2,5}-[0-9A-Z]{8}|\w+:confirmed|[0-9A-Z]{6}(?![0-9A-Za-z])|\S+@\S+|refk_\S+|[0-9a-f]{8}-[0-9a-f-]{27}|shop-\d|order-\d"
    r"|ref (?:up|import establishments FILE)|python -m erp.run|Europe/Moscow|A month of SuperApp|A test"
)
"""Addresses, references, codes, ids, commands."""
NAMES = {
    *(
        "RefERP",
        "RefAPP",
        "Ref",
        "SuperApp",
        "API",
        "UTC",
        "SMS",
        "RUB",
        "ID",
        "CSV",
        "XLSX",
        "PDF",
        "JSON",
        "English",
        "Escape",
    ),
    *(
        "Alice",
        "Ivanova",
        "Bob",
        "Petrov",
        "Cafe",
        "Aino",
        "Ravintola",
        "Koti",
        "Salon",
        "Kide",
        "Helsinki",
        "Bank",
    ),
    *(
        "Admin",
        "Bronze",
        "Silver",
        "Gold",
        "Kinder",
        "percent",
        "Superapp",
        "superapp",
        "production",
        "tests",
        "cabinet",
    ),
    *("AGT", "PAY", "EUR", "Enter", "CUS", "EST", "PO", "REF"),
}
"""What is written so in Russian too, and what people at the office are called."""


class Spoken(HTMLParser):
    """What a page says, aloud or in sight, but for what is marked as another language or as text for programs."""

    def __init__(self, html: str):
        super().__init__()
        self.said: list[str] = []
        self._silent: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        classes = (given.get("class") or "").split()
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.append(tag)
            return
        self.said += [given[name] or "" for name in SPOKEN if name in given]
        if tag in SILENT or "mono" in classes or given.get("lang") == "en":
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)


def english(html: str) -> set[str]:
    return {word for text in Spoken(html).said for word in WORD.findall(FOR_PROGRAMS.sub("", text))} - NAMES


def addresses(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        access = declared(app, rule.endpoint)
        if rule.endpoint.startswith("ui."):
            continue  # for who writes pages, in English
        if not rule.arguments and "GET" in (rule.methods or ()) and access and access.audience == "staff":
            yield rule.rule


def test_no_page_says_a_word_of_english_in_russian(app: Flask, office: Office) -> None:
    """To somebody of every role, who is offered every form there is."""
    with app.app_context(), transaction():
        staff.add("all@example.test", "Вера", PASSWORD, list(Role), by=TEST, now=clock.now())
    client = app.test_client()
    client.set_cookie("language", "ru")
    sign_in(client, "all@example.test")
    left = {}
    for url in sorted({*addresses(app), *office.pages}):
        page = client.get(url)
        if page.status_code == 200 and page.mimetype == "text/html":
            left[url] = english(page.text)
    assert len(left) > 50
    problems = [f"{url}: {sorted(words)}" for url, words in left.items() if words]
    assert not problems, "\n".join(problems)
