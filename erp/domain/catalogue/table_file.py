"""Reads somebody's list (CSV) row by row, whatever its size, delimiter and column titles."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from erp.domain.catalogue.rules import COLUMNS, REQUIRED, Row

DELIMITERS = ",;\t|"


class BadFile(Exception):
    """The file as a whole cannot be read; the message says where and what to do."""


class TableFile:
    """An open list. Iterating gives its rows; `position` of `size` bytes tells how far the reading is.

    `mapping` names a column title for a field of ours and goes before the usual titles.
    """

    def __init__(self, path: Path, mapping: Mapping[str, str] | None = None):
        self.size = path.stat().st_size
        self._bytes = path.open("rb")
        self._refuse_utf16()
        self._lines = io.TextIOWrapper(self._bytes, encoding="utf-8-sig", newline="")
        self._line = 1
        try:
            self.titles = self._read_titles()
            self._places = _places(self.titles, mapping or {})
        except BaseException:
            self._lines.close()
            raise

    def __enter__(self) -> TableFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()

    @property
    def position(self) -> int:
        return self._bytes.tell()

    def __iter__(self) -> Iterator[Row]:
        while (cells := self._next()) is not None:
            if any(cell.strip() for cell in cells):
                yield Row(self._line, self._values(cells))

    def _refuse_utf16(self) -> None:
        if self._bytes.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            self._bytes.close()
            raise BadFile("The file is UTF-16. Save it as “CSV UTF-8” and import that.")
        self._bytes.seek(0)

    def _read_titles(self) -> list[str]:
        """The first line. The delimiter is the one that cuts it into most columns."""
        try:
            head = self._lines.readline()
        except UnicodeDecodeError:
            raise BadFile(_not_utf8(1)) from None
        if not head.strip():
            raise BadFile("The file is empty: its first line must name the columns.")
        delimiter = max(DELIMITERS, key=lambda letter: len(next(csv.reader([head], delimiter=letter))))
        self._cells = csv.reader(self._lines, delimiter=delimiter, strict=True)
        return [title.strip() for title in next(csv.reader([head], delimiter=delimiter))]

    def _next(self) -> list[str] | None:
        self._line = self._cells.line_num + 2  # the titles are line 1; a quoted cell may span lines
        try:
            return next(self._cells, None)
        except UnicodeDecodeError:
            raise BadFile(_not_utf8(self._line)) from None
        except csv.Error as error:
            raise BadFile(
                f"Line {self._line} cannot be read ({error}). Look there for a quotation mark that is not closed."
            ) from None

    def _values(self, cells: list[str]) -> dict[str, str]:
        """Cells by our field names: of several columns for one field the first that is filled."""
        filled = {}
        for name, places in self._places.items():
            texts = (cells[place] for place in places if place < len(cells))
            filled[name] = next((text for text in texts if text.strip()), "")
        return filled


def _places(titles: list[str], mapping: Mapping[str, str]) -> dict[str, list[int]]:
    """Which columns may hold each field. Raises `BadFile` when one that was asked for is not there."""
    by_title = {title.lower(): place for place, title in reversed(list(enumerate(titles)))}
    for name, title in mapping.items():
        if name not in COLUMNS:
            raise BadFile(f"There is no field “{name}”. The fields are: {', '.join(COLUMNS)}.")
        if title.lower() not in by_title:
            raise BadFile(f"The file has no column “{title}”. Its columns are: {', '.join(titles)}.")
    found = {}
    for name, usual in COLUMNS.items():
        wanted = (mapping[name],) if name in mapping else usual
        found[name] = [by_title[title.lower()] for title in wanted if title.lower() in by_title]
        if name in REQUIRED and not found[name]:
            raise BadFile(
                f"No column holds the {name}. Say which one does: --map {name}=TITLE."
                f" The columns are: {', '.join(titles)}."
            )
    return found


def _not_utf8(line: int) -> str:
    return f"The file is not UTF-8 (at or after line {line}). Save it as “CSV UTF-8” and import that."
