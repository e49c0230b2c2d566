"""A statement on A4, as an accountant files it. Equal documents make equal bytes.

fpdf2 sets it (pure Python, typed, released monthly); the letters are PT Sans, which `erp/assets` builds in, and for names
in other alphabets those of Noto Sans, which HarfBuzz joins and orders as these are written.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from flask import current_app
from flask_babel import gettext as _
from flask_babel import pgettext
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from erp.domain.statements import Account, Document, Line
from erp.language import locale
from erp.papers import words

MARGIN, WIDTH = 14.0, 182.0
"""Millimetres: left and right, and what is left between them."""
COLUMNS = (10.0, 31.0, 91.0, 25.0, 25.0)
"""Of the lines: number, booked, what and why, amount, balance."""
BOTTOM = 24.0
INK, DIM, RULE, SHADE = (25, 28, 33), (95, 100, 108), (200, 204, 210), (243, 245, 247)
PLAIN, OTHER = "pt-sans.ttf", re.compile(r"noto-.*\.ttf")
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def made(document: Document, agent_name: str, owner: str, attached: bytes) -> bytes:
    """The whole file, with `attached` (the JSON that can be verified) inside."""
    paper = _Paper(document, owner)
    paper.learn_letters(f"{agent_name}{owner}{attached.decode()}")
    paper.add_page()
    _facts(paper, document, agent_name)
    _summary(paper, document)
    for account in document.accounts:
        _account(paper, document, account)
    _closing_words(paper, document)
    paper.embed_file(
        bytes=attached,
        basename=f"{document.statement or document.agent}.json",
        desc=_("What can be verified"),
        creation_date=paper.made_at,
        modification_date=paper.made_at,
    )
    return bytes(paper.output())


class _Paper(FPDF):
    """A page with the head and the foot of a statement."""

    def __init__(self, document: Document, owner: str):
        super().__init__(format="A4", unit="mm")
        self.document, self.owner = document, owner
        self.made_at = document.sealed_at or LONG_AGO
        self.title_said = (
            _("Statement %(statement)s", statement=document.statement)
            if document.is_sealed
            else _("Preview of a statement")
        )
        self.set_margins(MARGIN, 14, MARGIN)
        self.set_auto_page_break(False)
        self.set_creation_date(self.made_at)
        self.set_title(self.title_said)
        self.set_author(owner)
        self.set_producer("Ref")
        self.set_lang(str(locale()))
        self.add_font("pt", "", _font(PLAIN))
        self.add_font("pt", "B", _font("pt-sans-bold.ttf"))
        self.alias_nb_pages("§§")

    def learn_letters(self, text: str) -> None:
        """Take up the alphabets that the text needs beside PT Sans; each makes the file bigger and slower to set."""
        lacking = set(text) - _characters(PLAIN)
        others = [name for name in sorted(_built()) if OTHER.fullmatch(name) and lacking & _characters(name)]
        for name in others:
            self.add_font(name, "", _font(name))
        if others:
            self.set_fallback_fonts(others, exact_match=False)
            self.set_text_shaping(True)

    def header(self) -> None:
        if self.document.mode == "mock":
            self._watermark()
        self.set_y(12)
        self.write_in(9, DIM)
        self.cell(WIDTH / 2, 5, self.owner)
        self.cell(WIDTH / 2, 5, f"{self.title_said}, {self.document.agent}", align="R")
        self.rule(18)
        self.set_y(22)

    def footer(self) -> None:
        self.rule(self.h - 19)
        self.set_y(-18)
        self.write_in(7, DIM)
        for line in self._proof():
            self.cell(WIDTH - 30, 3.4, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_xy(MARGIN, self.h - 18)
        page = _("Page %(page)s of %(pages)s", page=self.page_no(), pages="§§")
        self.cell(WIDTH, 3.4, page, align="R")

    def _proof(self) -> list[str]:
        if self.document.hash is None:
            return [_("Not sealed yet: the month is not over, and what is here may still grow.")]
        lines = [_("Seal %(hash)s", hash=self.document.hash)]
        if root := self.document.root:
            lines.append(_("Root %(number)s, %(hash)s", number=root.number, hash=root.hash))
        return lines + ([_("Mock: no real money.")] if self.document.mode == "mock" else [])

    def _watermark(self) -> None:
        with self.local_context(text_color=(236, 238, 241)), self.rotation(52, self.w / 2, self.h / 2):
            self.set_font("pt", "B", 58)
            said = _("Mock: no real money")
            self.text((self.w - self.get_string_width(said)) / 2, self.h / 2 + 8, said)

    def write_in(self, size: float, ink: tuple[int, int, int] = INK, *, bold: bool = False) -> None:
        self.set_font("pt", "B" if bold else "", size)
        self.set_text_color(*ink)

    def rule(self, y: float, ink: tuple[int, int, int] = RULE) -> None:
        self.set_draw_color(*ink)
        self.set_line_width(0.2)
        self.line(MARGIN, y, MARGIN + WIDTH, y)

    def room(self, height: float) -> bool:
        """Whether so much still fits on this page; otherwise a new one begins."""
        if self.get_y() + height <= self.h - BOTTOM:
            return True
        self.add_page()
        return False


def _facts(paper: _Paper, document: Document, agent_name: str) -> None:
    paper.write_in(18, bold=True)
    paper.cell(WIDTH, 9, paper.title_said, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(2)
    facts = [
        (_("Owner"), paper.owner),
        (_("Agent"), f"{agent_name}, {document.agent}" if agent_name != document.agent else agent_name),
        (_("Period"), words.period(document)),
        (_("Calendar"), document.zone),
        (_("Number"), words.number(document.number)),
    ]
    if document.sealed_at:
        facts.append((_("Sealed"), words.moment(document.sealed_at, document.zone)))
    for label, value in facts:
        paper.write_in(9, DIM)
        paper.cell(32, 5.2, label)
        paper.write_in(10)
        paper.cell(WIDTH - 32, 5.2, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(4)


def _summary(paper: _Paper, document: Document) -> None:
    """The balances of every account at one look."""
    widths = (62.0, 30.0, 30.0, 30.0, 30.0)
    heads = (_("Account"), _("Opening balance"), _("Came in"), _("Went out"), _("Closing balance"))
    _row(paper, widths, heads, head=True)
    for account in document.accounts:
        cells = [
            f"{words.account(account.kind)}, {account.currency}",
            *(
                words.amount(amount, account.currency)
                for amount in (account.opening, account.came, account.went, account.closing)
            ),
        ]
        _row(paper, widths, cells)
    if not document.accounts:
        paper.write_in(9, DIM)
        paper.cell(WIDTH, 6, _("Nothing was booked."), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(3)


def _row(paper: _Paper, widths: Sequence[float], cells: Sequence[str], *, head: bool = False) -> None:
    paper.room(7)
    paper.write_in(8.5, DIM if head else INK, bold=head)
    if head:
        paper.set_fill_color(*SHADE)
    for at, (width, text) in enumerate(zip(widths, cells, strict=True)):
        last = at == len(widths) - 1
        paper.cell(
            width,
            6,
            text,
            align="L" if at == 0 else "R",
            fill=head,
            new_x=XPos.LMARGIN if last else XPos.RIGHT,
            new_y=YPos.NEXT if last else YPos.TOP,
        )
    paper.rule(paper.get_y())


def _account(paper: _Paper, document: Document, account: Account) -> None:
    """One account, from its opening balance through every line to its closing balance."""
    first = len(_wrapped(paper, " ".join(account.lines[0].why), COLUMNS[2] - 3)) if account.lines else 0
    paper.room(38 + 3.7 * first)  # a heading never stands alone at the foot of a page
    paper.ln(4)
    paper.write_in(12, bold=True)
    paper.cell(
        WIDTH, 7, f"{words.account(account.kind)}, {account.currency}", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    _heads(paper)
    _balance(paper, _("Opening balance"), words.amount(account.opening, account.currency))
    for line in account.lines:
        _line(paper, document, account, line)
    _balance(paper, _("Closing balance"), words.amount(account.closing, account.currency))


def _heads(paper: _Paper) -> None:
    _row(paper, COLUMNS, ("", "", "", "", ""), head=True)
    paper.set_y(paper.get_y() - 6)
    heads = (_("No."), pgettext("ledger", "Booked"), _("What and why"), _("Amount"), _("Balance"))
    for at, (width, text) in enumerate(zip(COLUMNS, heads, strict=True)):
        paper.write_in(8.5, DIM, bold=True)
        paper.cell(width, 6, text, align="R" if at in (3, 4) else "L")
    paper.ln(6)


def _balance(paper: _Paper, label: str, amount: str) -> None:
    paper.room(7)
    paper.write_in(9, bold=True)
    paper.cell(COLUMNS[0] + COLUMNS[1], 6, "")
    paper.cell(COLUMNS[2] + COLUMNS[3], 6, label)
    paper.cell(COLUMNS[4], 6, amount, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.rule(paper.get_y())


def _line(paper: _Paper, document: Document, account: Account, line: Line) -> None:
    why = " ".join(line.why)
    lines = _wrapped(paper, why, COLUMNS[2] - 3)
    height = 5.4 + 3.7 * len(lines) + 1.6
    if not paper.room(height):
        _heads(paper)
    top = paper.get_y() + 0.8
    _write_at(paper, MARGIN, top, COLUMNS[0], words.number(line.seq), DIM)
    _write_at(paper, MARGIN + COLUMNS[0], top, COLUMNS[1], words.moment(line.booked_at, document.zone), DIM)
    what = MARGIN + COLUMNS[0] + COLUMNS[1]
    _write_at(paper, what, top, COLUMNS[2], words.entry(line.kind), INK, bold=True)
    indent = paper.get_string_width(words.entry(line.kind)) + 3
    _write_at(paper, what + indent, top, COLUMNS[2] - indent, line.reference, DIM)
    amounts = (line.change, line.balance)
    for at, amount in enumerate(amounts):
        x = what + COLUMNS[2] + at * COLUMNS[3]
        _write_at(
            paper,
            x,
            top,
            COLUMNS[3 + at],
            words.amount(amount, account.currency),
            INK,
            right=True,
            bold=at == 0,
        )
    paper.set_xy(what, top + 4.8)
    paper.write_in(8, DIM)
    for text in lines:
        paper.cell(COLUMNS[2], 3.7, str(text))
        paper.set_xy(what, paper.get_y() + 3.7)
    paper.set_xy(MARGIN, top - 0.8 + height)
    paper.rule(paper.get_y())


def _wrapped(paper: _Paper, text: str, width: float) -> list[str]:
    """The text as lines that fit."""
    if not text:
        return []
    paper.write_in(8)
    found = paper.multi_cell(width, 3.7, text, dry_run=True, output=MethodReturnValue.LINES, align="L")
    assert isinstance(found, list)
    return found


def _write_at(
    paper: _Paper,
    x: float,
    y: float,
    width: float,
    text: str,
    ink: tuple[int, int, int],
    *,
    bold: bool = False,
    right: bool = False,
) -> None:
    paper.set_xy(x, y)
    paper.write_in(8.5, ink, bold=bold)
    paper.cell(width, 4.6, text, align="R" if right else "L")


def _closing_words(paper: _Paper, document: Document) -> None:
    paper.room(16)
    paper.ln(6)
    paper.write_in(8, DIM)
    text = _(
        "This statement holds every entry that was booked on the agent's accounts in the period. Its seal covers all"
        " figures and references; the file attached to it can be verified offline against the exported roots"
        " (ref statement verify)."
    )
    if document.is_sealed:
        paper.multi_cell(WIDTH, 3.9, text, align="L")


@cache
def _built() -> dict[str, Path]:
    folder = Path(str(current_app.static_folder)) / "dist"
    names: dict[str, str] = json.loads((folder / "manifest.json").read_text())["files"]
    return {name: folder / built for name, built in names.items()}


def _font(name: str) -> Path:
    return _built()[name]


@cache
def _characters(font: str) -> frozenset[str]:
    with TTFont(_font(font), lazy=True) as read:
        return frozenset(map(chr, read.getBestCmap()))
