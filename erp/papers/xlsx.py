"""A statement as a workbook: what people read on the first sheet, what proves it on the second."""

from __future__ import annotations

import io
from fractions import Fraction
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import pgettext
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from erp.domain import statements
from erp.domain.statements import Account, Document
from erp.kernel import money
from erp.papers import words

WIDTHS = (7, 18, 18, 26, 16, 16, 90)
"""Of the columns, in letters."""
LOOKS = {
    "title": {"bold": True, "font_size": 15},
    "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "account": {"bold": True, "font_size": 12, "top": 1},
    "text": {"valign": "top"},
    "wrap": {"valign": "top", "text_wrap": True},
    "dim": {"font_color": "#555555"},
    "money": {"valign": "top", "num_format": "#,##0.00"},
    "sum": {"bold": True, "valign": "top", "num_format": "#,##0.00"},
    "moment": {"valign": "top", "num_format": "yyyy-mm-dd hh:mm"},
    "mock": {"bold": True, "font_color": "#b45309"},
}


def made(document: Document, agent_name: str, owner: str) -> bytes:
    out = io.BytesIO()
    book = Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True},
    )
    book.set_properties(
        {"title": _("Statement %(statement)s", statement=document.statement), "author": owner}
    )
    book.set_custom_property("mode", document.mode)
    if document.sealed_at:
        book.set_properties({"created": document.sealed_at.replace(tzinfo=None)})
    looks = {name: book.add_format(look) for name, look in LOOKS.items()}
    sheet = book.add_worksheet(_("Statement"))
    row = _head(sheet, document, agent_name, owner, looks)
    for account in document.accounts:
        row = _account(sheet, row, account, document.zone, looks)
    _proof(book.add_worksheet(_("Proof")), document, looks)
    for one in book.worksheets():
        one.set_footer(
            f"&L{document.statement}&C{_('Mock: no real money.') if document.mode == 'mock' else ''}&R&P / &N"
        )
        if document.mode == "mock":
            one.set_tab_color("#d97706")
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_paper(9)
    book.close()
    return out.getvalue()


def _head(sheet: Worksheet, document: Document, agent_name: str, owner: str, looks: dict[str, Format]) -> int:
    for at, width in enumerate(WIDTHS):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, _("Statement %(statement)s", statement=document.statement), looks["title"])
    facts = [
        (_("Owner"), owner),
        (_("Agent"), f"{agent_name}, {document.agent}"),
        (_("Period"), f"{words.period(document)} ({document.zone})"),
        (_("Number"), words.number(document.number)),
        (_("Seal"), document.hash or _("not sealed yet")),
    ]
    if document.mode == "mock":
        sheet.write_string(1, 0, _("Mock: no real money."), looks["mock"])
    for row, (label, value) in enumerate(facts, start=2):
        sheet.write_string(row, 0, label, looks["dim"])
        sheet.write_string(row, 2, value)
    return len(facts) + 3


def _account(sheet: Worksheet, row: int, account: Account, zone: str, looks: dict[str, Format]) -> int:
    title = f"{words.account(account.kind)}, {account.currency}"
    sheet.write_string(row, 0, title, looks["account"])
    heads = [
        _("No."),
        pgettext("ledger", "Booked"),
        _("What"),
        _("Fact"),
        _("Amount"),
        _("Balance"),
        _("Why"),
    ]
    for at, label in enumerate(heads):
        sheet.write_string(row + 1, at, label, looks["head"])
    row = _balance(sheet, row + 2, _("Opening balance"), account.opening, account.currency, looks)
    for line in account.lines:
        sheet.write_number(row, 0, line.seq, looks["text"])
        sheet.write_datetime(row, 1, line.booked_at.astimezone(ZoneInfo(zone)), looks["moment"])
        sheet.write_string(row, 2, words.entry(line.kind), looks["text"])
        sheet.write_string(row, 3, line.reference, looks["text"])
        sheet.write_number(row, 4, _number(line.change, account.currency), looks["money"])
        sheet.write_number(row, 5, _number(line.balance, account.currency), looks["money"])
        sheet.write_string(row, 6, " ".join(line.why), looks["wrap"])
        row += 1
    return _balance(sheet, row, _("Closing balance"), account.closing, account.currency, looks) + 1


def _balance(
    sheet: Worksheet, row: int, label: str, amount: int, currency: str, looks: dict[str, Format]
) -> int:
    sheet.write_string(row, 2, label, looks["sum"])
    sheet.write_number(row, 5, _number(amount, currency), looks["sum"])
    return row + 1


def _number(minor: int, currency: str) -> Fraction:
    return Fraction(money.decimal(minor, currency))


def _proof(sheet: Worksheet, document: Document, looks: dict[str, Format]) -> None:
    """All that the seal covers besides the lines."""
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 80)
    told = statements.as_json(document) | {"accounts": None}
    shown = {name: value for name, value in told.items() if name not in ("accounts", "root")}
    if document.root:
        shown |= {"root_number": document.root.number, "root_hash": document.root.hash}
    for row, (name, value) in enumerate(shown.items()):
        sheet.write_string(row, 0, name, looks["head"])
        sheet.write_string(row, 1, "" if value is None else str(value))
