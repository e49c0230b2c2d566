"""Staff at a browser without scripts: opens pages, fills in the forms it finds there, reads the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from erp.walk.narrator import Failed

VOID = frozenset({"input", "br", "img", "meta", "link", "hr", "col", "path", "use", "circle", "line", "rect"})


@dataclass
class Form:
    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """The forms, tables and text of one HTML page."""

    def __init__(self, answer: httpx.Response):
        super().__init__()
        self.url = str(answer.url)
        self.status = answer.status_code
        self.forms: list[Form] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self._cell: list[str] | None = None
        self._select: str | None = None
        self._textarea: str | None = None
        self.feed(answer.text)
        self.text = " ".join(self.text.split())

    def form(self, action: str) -> Form:
        """The form whose address ends with `action`."""
        for form in self.forms:
            if urlsplit(form.action).path.endswith(action):
                return form
        raise Failed(f"there is no form to {action} on {self.url}: {self.text[:300]}")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(
                Form(urljoin(self.url, given.get("action", "")), given.get("method", "get").lower())
            )
        elif tag == "input" and self.forms and "name" in given:
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked:
                self._put(given["name"], given.get("value", "on" if given.get("type") == "checkbox" else ""))
        elif tag == "select" and self.forms:
            self._select = given.get("name")
        elif tag == "option" and self._select and "selected" in given:
            self._put(self._select, given.get("value", ""))
        elif tag == "textarea" and self.forms:
            self._textarea = given.get("name")
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None
        elif tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        self.text += " " + data
        if self._cell is not None:
            self._cell.append(data)
        if self._textarea and data.strip():
            self._put(self._textarea, data.strip())

    def _put(self, name: str, value: str) -> None:
        self.forms[-1].values.setdefault(name, []).append(value)


class Staff:
    """One person signed in to RefERP."""

    def __init__(self, url: str, email: str, password: str):
        self.email = email
        self.http = httpx.Client(base_url=url, timeout=30, follow_redirects=True, trust_env=False)
        landed = self.submit(self.open("/sign-in"), "/sign-in", email=email, password=password)
        if "/sign-in" in landed.url:
            raise Failed(f"{email} could not sign in: {landed.text[:200]}")

    def open(self, path: str) -> Page:
        answer = self.http.get(path)
        if answer.status_code != 200:
            raise Failed(f"{path} answered {answer.status_code}")
        return Page(answer)

    def submit(self, page: Page, action: str, **values: str | list[str]) -> Page:
        """Fill in the form of `page` that leads to `action` and send it; where that led."""
        form = page.form(action)
        filled = form.values | {
            name: [value] if isinstance(value, str) else value for name, value in values.items()
        }
        return Page(self.http.request(form.method, form.action, data=filled))
