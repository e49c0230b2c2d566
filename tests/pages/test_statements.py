"""Pages of statements and of the roots over their seals."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable

import openpyxl
import pytest
from flask import Flask

from erp.domain import statements
from erp.domain.statements import files, rules
from erp.kernel.permissions import Role
from erp.kernel.transaction import release
from tests.pages.conftest import Desk
from tests.pages.test_every_page import HREF, INLINE
from tests.statements.conftest import next_month, sealed
from tests.support.office import Office

PROOF = ("root-000002.txt", "ref-root-1")


@pytest.fixture
def statement(app: Flask, office: Office) -> str:
    """The reference of the statement of the office's agent, whose month is over."""
    with app.app_context():
        next_month()
        sealed()
        (found,) = statements.search(text=office.agent).first(5)
        assert found.root_id == 2, "the office has another agent's"
        release()
        return str(found.reference)


def addresses(statement: str, office: Office) -> list[str]:
    return [
        "/statements",
        f"/statements/{statement}",
        f"/statements/open/{office.agent}",
        f"/agents/{office.agent}",
        "/seal-roots",
    ]


def test_a_month_is_found_from_the_list_and_from_its_agent(
    desk: Callable[[Role], Desk], office: Office, statement: str
) -> None:
    finance = desk(Role.FINANCE)
    for page in ("/statements", f"/statements?q={office.agent}", f"/agents/{office.agent}"):
        assert f"/statements/{statement}" in HREF.findall(finance.get(page).text), page
    assert f"/statements/{statement}" not in finance.get(f"/statements?q={office.other_agent}").text


def test_it_tells_balances_lines_reasons_and_proof(
    app: Flask, desk: Callable[[Role], Desk], office: Office, statement: str
) -> None:
    page = desk(Role.FINANCE).get(f"/statements/{statement}").text
    with app.app_context():
        document = statements.document(statements.find(statement))
        release()
    assert document.hash is not None
    assert document.hash in page
    assert document.root is not None
    assert document.root.hash in page
    words = " ".join(re.sub("<[^>]*>", " ", page).split())
    for said in ("Opening balance", "Closing balance", "the bank confirmed it", "Hold over", "Alice Ivanova"):
        assert said in words, said


def test_the_open_month_says_that_it_is_not_sealed(
    desk: Callable[[Role], Desk], office: Office, statement: str
) -> None:
    page = desk(Role.FINANCE).get(f"/statements/open/{office.agent}").text
    assert "Not sealed yet" in page
    assert "/file" not in page
    assert desk(Role.FINANCE).get("/statements/open/AGT-NOBODY").status_code == 404


@pytest.mark.parametrize("format", ["pdf", "xlsx", "csv", "json"])
def test_it_is_kept_as_a_file_and_that_is_written_down(
    app: Flask, desk: Callable[[Role], Desk], statement: str, format: str
) -> None:
    finance = desk(Role.FINANCE)
    kept = finance.post(f"/statements/{statement}/file", format=format)
    assert kept.status_code == 200
    assert f"{statement}-" in kept.headers["Content-Disposition"]
    assert f"-mock.{format}" in kept.headers["Content-Disposition"]
    with app.app_context():
        canonical = rules.canonical(statements.document(statements.find(statement)))
        release()
    if format in ("csv", "json"):
        assert rules.canonical(files.READERS[f".{format}"](kept.text)) == canonical
    if format == "xlsx":
        assert len(openpyxl.load_workbook(io.BytesIO(kept.data)).worksheets) == 2
    assert "Statement exported" in finance.get(f"/statements/{statement}").text


def test_no_other_form_is_made(desk: Callable[[Role], Desk], statement: str) -> None:
    answer = desk(Role.FINANCE).post(f"/statements/{statement}/file", format="docx")
    assert answer.status_code == 303


def test_auditors_see_masked_names_on_pages_and_in_files(
    desk: Callable[[Role], Desk], statement: str
) -> None:
    auditor = desk(Role.AUDITOR)
    page = auditor.get(f"/statements/{statement}").text
    assert "Alice" in page
    assert "Ivanova" not in page
    book = openpyxl.load_workbook(
        io.BytesIO(auditor.post(f"/statements/{statement}/file", format="xlsx").data)
    )
    cells = [str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if "Ivanova" in cell]


def test_auditors_and_finance_take_roots_and_key_away_and_support_does_not(
    desk: Callable[[Role], Desk], statement: str
) -> None:
    for role in (Role.AUDITOR, Role.FINANCE):
        colleague = desk(role)
        assert "/seal-roots/2/file" in HREF.findall(colleague.get("/seal-roots").text)
        root = colleague.get("/seal-roots/2/file")
        assert PROOF[0] in root.headers["Content-Disposition"]
        assert root.text.startswith(PROOF[1])
        assert f"seal {statement} " in root.text
        (key,) = [link for link in HREF.findall(colleague.get("/seal-roots").text) if "/keys/" in link]
        assert "BEGIN PUBLIC KEY" in colleague.get(key).text
        assert colleague.get("/seal-roots/keys/another").status_code == 404
        assert colleague.get("/seal-roots/9/file").status_code == 404
    support = desk(Role.SUPPORT)
    for closed in ("/seal-roots", "/seal-roots/1/file", "/seal-roots/keys/another"):
        assert support.get(closed).status_code == 403
    assert "/seal-roots" not in HREF.findall(support.get("/statements").text)


def test_its_pages_carry_nothing_that_the_policy_forbids(
    desk: Callable[[Role], Desk], office: Office, statement: str
) -> None:
    admin = desk(Role.ADMIN)
    for url in addresses(statement, office):
        page = admin.get(url)
        assert page.status_code == 200, url
        assert page.text.count("<h1") == 1, url
        assert not [what for what, found in INLINE.items() if found.search(page.text)], url


def test_every_word_is_there_in_russian(desk: Callable[[Role], Desk], office: Office, statement: str) -> None:
    admin = desk(Role.ADMIN)
    admin.client.set_cookie("language", "ru")
    for url in addresses(statement, office)[:3]:
        page = admin.get(url).text
        main = re.sub("<[^>]*>", " ", page.partition("<main")[2].partition("</main>")[0])
        for english in ("Opening", "Balance", "Statement", "Sealed", "Lines", "Period", "Nothing"):
            assert english not in main, (url, english)


def test_json_of_the_open_month_is_not_a_statement(app: Flask, office: Office, statement: str) -> None:
    with app.app_context():
        found = statements.find(statement)
        opened = statements.preview(found.agent_id, office.agent, found.sealed_at)
        release()
    assert json.loads(json.dumps(statements.as_json(opened)))["hash"] is None
