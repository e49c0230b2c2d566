"""A list as a file: exactly what is filtered and shown, as CSV or XLSX, in an order and in columns of its own.

Rows come from a cursor of the database and leave as they come; whatever the length of the list, few are in memory.
Cells hold values, not what people read: amounts are numbers beside their currency, moments are the reader's local time.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from tempfile import TemporaryFile
from typing import IO, Any

from flask import Response, send_file, stream_with_context
from flask_babel import get_timezone, gettext
from flask_login import current_user
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from erp.blueprints.columns import Column, Field
from erp.blueprints.shell import mode
from erp.kernel import audit, clock
from erp.kernel.errors import Invalid
from erp.kernel.paging import Listed
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import snapshot, transaction

MOST_ROWS_OF_A_SHEET = 1_048_575
FORMULA = re.compile(r"^[=+\-@\t\r\n](?!\d+$)")
"""How a spreadsheet recognises a formula in a text file; a bare phone number is none."""
SHEET_FORMATS = {
    "text": {},
    "number": {"num_format": "#,##0"},
    "money": {"num_format": "#,##0.00"},
    "rate": {"num_format": "0.00%"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm"},
    "day": {"num_format": "yyyy-mm-dd"},
}
WIDTHS = {"text": 22, "number": 10, "money": 15, "rate": 9, "moment": 17, "day": 12}
Row = list[Any]


def export(
    key: str, title: str, columns: Sequence[Column], found: Listed, format: str, *, filters: dict[str, str]
) -> Response:
    """The list as a file to keep. It is written down who took it, by which filters, and how many rows.

    Raises `Invalid`.
    """
    return keep(key, title, columns, found.count(), found.batches, format, filters=filters)


def keep(
    key: str,
    title: str,
    columns: Sequence[Column],
    rows: int,
    batches: Callable[[], Iterable[Iterable[Any]]],
    format: str,
    *,
    filters: dict[str, str],
) -> Response:
    """The same for what is no list of the database: so many `rows`, which come in batches."""
    if format not in FORMATS:
        raise Invalid(Sentence("A list can be had as CSV or XLSX."))
    fields = _fields(columns)
    if format == "xlsx" and rows > MOST_ROWS_OF_A_SHEET:
        raise Invalid(
            Sentence(
                "A sheet holds %(most)s rows. Narrow the filters, or take CSV.", most=MOST_ROWS_OF_A_SHEET
            )
        )
    details = {"format": format, "rows": rows, "columns": [field.key for field in fields], "filters": filters}
    with transaction():
        audit.record("list.exported", "list", key, by=current_user.actor, at=clock.now(), details=details)
    return FORMATS[format](_name(key, format), title, fields, _values(batches, fields))


def _fields(columns: Sequence[Column]) -> list[Field]:
    """The columns of the file: each once, such as the currency of several amounts; on mock each row says so."""
    fields: dict[str, Field] = {}
    for column in columns:
        for field in column.kind.fields(column.key, str(column.label), column.get):
            fields.setdefault(field.key, field)
    if mode() == "mock":
        fields["mock"] = Field("mock", gettext("Mock"), "text", lambda _row: "mock")
    return list(fields.values())


def _name(key: str, format: str) -> str:
    """bookings-2026-11-22-mock.csv"""
    day = clock.now().astimezone(get_timezone()).date().isoformat()
    return f"{key.replace('_', '-')}-{day}{'-mock' if mode() == 'mock' else ''}.{format}"


def _values(batches: Callable[[], Iterable[Iterable[Any]]], fields: Sequence[Field]) -> Iterator[Row]:
    """The whole list, as it was at one moment however long it takes to send."""
    gets = [field.get for field in fields]
    with snapshot():
        for batch in batches():
            for row in batch:
                yield [get(row) for get in gets]


def _as_csv(name: str, title: str, fields: Sequence[Field], values: Iterator[Row]) -> Response:
    head = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(stream_with_context(_lines(fields, values)), mimetype="text/csv", headers=head)


def _lines(fields: Sequence[Field], values: Iterator[Row]) -> Iterator[str]:
    written = [_WRITTEN.get(field.type, _text) for field in fields]
    buffer = io.StringIO()
    line = csv.writer(buffer)
    buffer.write("\ufeff")  # tells spreadsheets that this is UTF-8
    line.writerow([_text(field.label) for field in fields])
    for row in values:
        line.writerow(
            ["" if value is None else write(value) for write, value in zip(written, row, strict=True)]
        )
        if buffer.tell() > 32_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _text(value: Any) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if FORMULA.match(text) else text


def _moment(value: dt.datetime) -> str:
    return value.isoformat(" ", "seconds")


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "number": str,
    "money": str,
    "rate": lambda bps: str(Decimal(bps).scaleb(-2)),
    "moment": _moment,
    "day": dt.date.isoformat,
}


def _as_xlsx(name: str, title: str, fields: Sequence[Field], values: Iterator[Row]) -> Response:
    file = TemporaryFile()  # noqa: SIM115  # send_file closes it when the last byte has left
    _write_sheet(file, title, fields, values)
    file.seek(0)
    answer = send_file(file, as_attachment=True, download_name=name, max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _write_sheet(file: IO[bytes], title: str, fields: Sequence[Field], values: Iterator[Row]) -> None:
    book = Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {"title": title, "comments": gettext("Mock: no real money.") if mode() == "mock" else ""}
    )
    book.set_custom_property("mode", mode())
    sheet = book.add_worksheet(_sheet_name(title))
    if mode() == "mock":
        sheet.set_tab_color("#d97706")
        sheet.set_header(f"&L&A&C{gettext('Mock: no real money.')}")
    formats = {type: book.add_format(look) for type, look in SHEET_FORMATS.items()}
    bold = book.add_format({"bold": True, "bottom": 1})
    for at, field in enumerate(fields):
        sheet.set_column(at, at, WIDTHS[field.type])
        sheet.write_string(0, at, field.label, bold)
    sheet.freeze_panes(1, 0)
    writers = [(_sheet_writer(sheet, field.type), formats[field.type]) for field in fields]
    last = 0
    for last, row in enumerate(values, start=1):
        for at, ((write, look), value) in enumerate(zip(writers, row, strict=True)):
            if value is not None and value != "":
                write(last, at, value, look)
    sheet.autofilter(0, 0, last, len(fields) - 1)
    book.close()


def _sheet_name(title: str) -> str:
    """What a sheet may be called: 31 letters, some of which it may not be."""
    said = f"{gettext('Mock')} {title}" if mode() == "mock" else title
    return re.sub(r"[\[\]:*?/\\']", " ", said)[:31]


def _sheet_writer(sheet: Worksheet, type: str) -> Callable[..., Any]:
    if type in ("moment", "day"):
        return sheet.write_datetime
    if type == "rate":
        return lambda row, at, bps, look: sheet.write_number(row, at, Fraction(bps, 10_000), look)
    return sheet.write_number if type in ("number", "money") else sheet.write_string


FORMATS: dict[str, Callable[[str, str, Sequence[Field], Iterator[Row]], Response]] = {
    "csv": _as_csv,
    "xlsx": _as_xlsx,
}
