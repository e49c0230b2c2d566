"""A list as a file: what is filtered and shown, in values that a spreadsheet can reckon with, and on record."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable

import openpyxl
from flask import Flask
from openpyxl.worksheet.worksheet import Worksheet
from werkzeug.test import TestResponse

from erp.blueprints import lists
from erp.kernel.db import rows
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support import cast
from tests.support.office import Office


def read_csv(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text[:500]
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text[1:])))


def read_xlsx(answer: TestResponse) -> Worksheet:
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def test_every_list_gives_both_files(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    admin = desk(Role.ADMIN)
    for shown in lists.declared(app).values():
        with app.test_request_context(office.within(shown.key)):
            url = shown.url
        every = "&".join(f"columns={column.key}" for column in shown.columns)
        lines = read_csv(admin.post(f"{url}/export?{every}", format="csv"))
        sheet = read_xlsx(admin.post(f"{url}/export?{every}", format="xlsx"))
        more = 1 if shown.key == "audit" else 0  # the first file is on record in the second
        assert sheet.max_row == len(lines) + 1 + more, shown.key
        assert len({cell.value for cell in sheet[1]}) == sheet.max_column, f"{shown.key} has a name twice"


def test_a_file_holds_what_is_filtered_and_shown_as_numbers_and_dates(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    finance = desk(Role.FINANCE)
    finance.client.set_cookie("zone", "Asia/Tokyo")
    url = f"/payments/export?q={office.payment}&columns=reference&columns=amount&columns=refunded&columns=confirmed_at"
    (line,) = read_csv(finance.post(url, format="csv"))
    assert line["Payment"] == office.payment
    assert (line["Amount"], line["Refunded"], line["Currency"]) == ("3000.00", "1000.00", "RUB")
    assert line["Mock"] == "mock"
    sheet = read_xlsx(finance.post(url, format="xlsx"))
    heads, cells = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert heads[:4] == ["Payment", "Amount", "Currency", "Refunded"]
    assert cells[:4] == [office.payment, 3000, "RUB", 1000]
    assert isinstance(cells[4], dt.datetime)
    assert sheet["B2"].number_format == "#,##0.00"
    assert sheet.title == "Mock Payments"


def test_the_name_of_a_file_tells_noun_day_and_mode(desk: Callable[[Role], Desk], office: Office) -> None:
    answer = desk(Role.FINANCE).post("/payout-runs/export", format="xlsx")
    name = answer.headers["Content-Disposition"]
    assert "payout-runs-" in name
    assert name.rstrip('"').endswith("-mock.xlsx")
    assert answer.headers["Cache-Control"] == "no-store"


def test_personal_data_is_masked_in_files_as_on_the_screen(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    url = "/agents/export?columns=name&columns=phone&sort=registered_at"
    seen = read_csv(desk(Role.MANAGER).post(url, format="csv"))[0]
    masked = read_csv(desk(Role.AUDITOR).post(url, format="csv"))[0]
    assert seen["Phone"].startswith("+7")
    assert "*" not in seen["Phone"]
    assert masked["Phone"] != seen["Phone"]
    assert masked["Name"] != seen["Name"]


def test_no_text_becomes_a_formula(app: Flask, desk: Callable[[Role], Desk]) -> None:
    names = ["=1+1", "@SUM(A1)", "-2+3", "+cmd|x"]
    with app.app_context():
        cast.places(*names)
    manager = desk(Role.MANAGER)
    url = "/establishments/export?columns=name"
    assert {line["Name"] for line in read_csv(manager.post(url, format="csv"))} == {
        f"'{name}" for name in names
    }
    cells = {
        row[0].value: row[0].data_type
        for row in read_xlsx(manager.post(url, format="xlsx")).iter_rows(min_row=2)
    }
    assert cells == dict.fromkeys(names, "s")


def test_who_took_a_file_is_on_record_without_what_they_searched_for(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    finance = desk(Role.FINANCE)
    finance.post("/payments/export?status=CONFIRMED&q=secret", format="csv")
    with app.app_context():
        (deed,) = rows("select actor_id, subject_id, details from audit_entry where action = 'list.exported'")
    assert (deed.actor_id, deed.subject_id) == (str(finance.id), "payments")
    assert deed.details["rows"] == 0
    assert deed.details["filters"] == {"status": "CONFIRMED"}
    assert "secret" not in str(deed.details)


def test_an_unknown_format_is_refused(desk: Callable[[Role], Desk], office: Office) -> None:
    answer = desk(Role.FINANCE).post("/payments/export?sort=amount", format="exe")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/payments?sort=amount")
