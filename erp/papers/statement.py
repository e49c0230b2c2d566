"""One statement in every form it can be kept in. JSON and CSV can be verified, PDF bears the JSON as an attachment."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import pgettext

from erp.domain import statements
from erp.domain.statements import Document
from erp.kernel.errors import Invalid
from erp.kernel.sentences import Sentence
from erp.papers import words


class Paper(NamedTuple):
    name: str
    mimetype: str
    content: bytes


def said(document: Document, agent_id: UUID) -> Document:
    """The document with the words of every line, in the reader's language."""
    return statements.explained(document, agent_id, lambda sentence: words.said_in(document.zone, sentence))


def statement(format: str, document: Document, agent_name: str, owner: str) -> Paper:
    """The explained document as a file, for the reader of this request. Raises `Invalid` for an unknown form."""
    if format not in FORMATS:
        raise Invalid(Sentence("A statement can be had as PDF, XLSX, CSV or JSON."))
    mimetype, make = FORMATS[format]
    mock = "-mock" if document.mode == "mock" else ""
    name = f"{document.statement or document.agent}-{document.last_day:%Y-%m}{mock}.{format}"
    return Paper(name, mimetype, make(document, agent_name, owner))


def as_json(document: Document, _agent_name: str = "", _owner: str = "") -> bytes:
    return (json.dumps(statements.as_json(document), ensure_ascii=False, indent=1) + "\n").encode()


def as_csv(document: Document, _agent_name: str = "", _owner: str = "") -> bytes:
    return statements.as_csv(document, labels()).encode()


def labels() -> Sequence[str]:
    """The names of the columns of the CSV."""
    return [
        _("Row"),
        _("Account"),
        _("Currency"),
        _("No."),
        pgettext("ledger", "Booked"),
        _("Happened"),
        _("Transaction"),
        _("What"),
        _("Fact"),
        _("Against"),
        _("Amount"),
        _("Balance"),
        _("Why"),
    ]


def as_pdf(document: Document, agent_name: str, owner: str) -> bytes:
    return _made("pdf", document, agent_name, owner, as_json(document))


def as_xlsx(document: Document, agent_name: str, owner: str) -> bytes:
    return _made("xlsx", document, agent_name, owner)


def _made(form: str, *of: Any) -> bytes:
    """Fonts and spreadsheets are loaded by the first paper that needs them: they are a tenth of a process's start."""
    made: bytes = import_module(f"erp.papers.{form}").made(*of)
    return made


FORMATS: dict[str, tuple[str, Callable[[Document, str, str], bytes]]] = {
    "pdf": ("application/pdf", as_pdf),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "csv": ("text/csv", as_csv),
    "json": ("application/json", as_json),
}
