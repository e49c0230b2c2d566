"""Statements as PDF, XLSX, CSV and JSON, in both languages; what a mock instance gives says so."""

from __future__ import annotations

import datetime as dt
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import openpyxl
import pytest
from flask import Flask

from erp import papers
from erp.blueprints.states import state_of
from erp.domain import statements
from erp.domain.statements import Document, files, rules
from erp.kernel.errors import Invalid
from erp.kernel.transaction import release
from erp.papers import words
from tests.statements.conftest import next_month, sealed

LANGUAGES = ("en", "ru")


@pytest.fixture
def document(anna: UUID) -> Document:
    next_month()
    sealed()
    found = statements.document(statements.of_agent(anna)[0])
    release()
    return found


@contextmanager
def read_in(app: Flask, language: str) -> Iterator[None]:
    """A request of somebody who reads that language."""
    asking = app.test_request_context("/", headers={"Accept-Language": language})
    with app.app_context(), asking:
        yield


def paper(app: Flask, document: Document, agent_id: UUID, format: str, language: str) -> papers.Paper:
    with read_in(app, language):
        told = papers.said(document, agent_id)
        return papers.statement(format, told, "Anna Petrova", "Owner LLC")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_that_can_be_verified_hold_the_sealed_text(
    app: Flask, document: Document, anna: UUID, language: str
) -> None:
    for format, read in (("json", files.from_json), ("csv", files.from_csv)):
        made = paper(app, document, anna, format, language)
        assert rules.canonical(read(made.content.decode())) == rules.canonical(document)
        assert made.name == f"{document.statement}-{document.last_day:%Y-%m}-mock.{format}"


def test_the_same_statement_has_words_in_both_languages(app: Flask, document: Document, anna: UUID) -> None:
    english, russian = (
        paper(app, document, anna, "csv", language).content.decode() for language in LANGUAGES
    )
    assert "The hold of the commission" in english
    assert "Удержание комиссии" in russian
    assert russian.splitlines()[0].startswith("\ufeffСтрока,Счёт,Валюта,")


def test_the_pdf_bears_the_json_and_equal_documents_make_equal_bytes(
    app: Flask, document: Document, anna: UUID
) -> None:
    one, again = (paper(app, document, anna, "pdf", "en").content for _ in range(2))
    assert one == again
    assert one.startswith(b"%PDF-")
    attached = [part for part in streams(one) if part.startswith(b'{\n "format"')]
    assert len(attached) == 1
    assert rules.canonical(files.from_json(attached[0].decode())) == rules.canonical(document)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Phở Việt", "vietnamese"),
        ("Αθηνά Παπαδοπούλου", "greek"),
        ("آنا پتروا", "arabic"),
        ("אנה פטרובה", "hebrew"),
        ("Աննա Պետրոսյան", "armenian"),
        ("ანა პეტრიაშვილი", "georgian"),
        ("अन्ना पेत्रोवा", "devanagari"),
        ("แอนนา เปโตรวา", "thai"),
        ("Ŵyn Ŷstyn", "latin"),
    ],
)
def test_a_name_in_another_alphabet_is_on_the_paper_whole(
    app: Flask, document: Document, anna: UUID, name: str, letters: str, caplog: pytest.LogCaptureFixture
) -> None:
    with read_in(app, "en"):
        made = papers.statement("pdf", papers.said(document, anna), name, "Owner LLC").content
    assert f"+noto-{letters}".encode() in made
    assert caplog.messages == [], "fpdf2 warns of letters that no font has"


def streams(pdf: bytes) -> list[bytes]:
    found = []
    for body in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(body))
        except zlib.error:
            found.append(body)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_has_every_balance_and_the_proof(
    app: Flask, document: Document, anna: UUID, language: str
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(paper(app, document, anna, "xlsx", language).content))
    statement, proof = book.worksheets
    cells = [cell.value for row in statement.iter_rows() for cell in row]
    for account in document.accounts:
        for line in account.lines:
            assert line.balance / 100 in cells
            assert line.reference in cells
    assert document.hash in [row[1].value for row in proof.iter_rows()]
    assert statement.sheet_properties.tabColor is not None
    assert {"en": "Mock: no real money.", "ru": "Тестовый режим: деньги ненастоящие."}[language] in cells


def test_there_are_no_other_forms(app: Flask, document: Document, anna: UUID) -> None:
    with pytest.raises(Invalid):
        paper(app, document, anna, "docx", "en")


def test_papers_call_things_as_screens_do(app: Flask) -> None:
    for language in LANGUAGES:
        with read_in(app, language):
            for kind in words.ACCOUNTS:
                assert words.account(kind) == str(state_of(f"account.{kind}").label)
            for kind in words.ENTRIES:
                assert words.entry(kind) == str(state_of(kind).label)


def test_an_open_month_says_that_it_is_not_sealed(app: Flask, document: Document, anna: UUID) -> None:
    open_one = statements.preview(anna, document.agent, document.until + dt.timedelta(days=1))
    release()
    assert not open_one.is_sealed
    assert paper(app, open_one, anna, "pdf", "en").content.startswith(b"%PDF-")
