"""A statement as files that can be verified: JSON, and CSV with one row a line. Read and written here, so that both agree.

Amounts of JSON are minor units, those of CSV are decimals, as accountants read them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from erp.domain.statements import rules
from erp.domain.statements.rules import Account, Document, Line, Root
from erp.kernel import money

COLUMNS = (
    "row",
    "account",
    "currency",
    "number",
    "booked_at",
    "occurred_at",
    "transaction",
    "kind",
    "reference",
    "against",
    "change",
    "balance",
    "why",
)
"""Of the CSV, in this order; a first row may call them by other names, in any language."""
FORMULA = re.compile(r"^[=+\-@\t\r\n](?!\d+$)")
"""How a spreadsheet recognises a formula in a text file."""


class NotAStatement(Exception):
    """A file holds no statement of a known form; the message says why."""


def as_json(document: Document) -> dict[str, Any]:
    """The whole statement for programs."""
    return {
        "format": rules.FORMAT,
        "instance": document.instance,
        "mode": document.mode,
        "reference": document.statement,
        "agent": document.agent,
        "number": document.number,
        "zone": document.zone,
        "since": rules.moment(document.since),
        "until": rules.moment(document.until),
        "previous_hash": document.previous,
        "accounts": [_account_as_json(account) for account in document.accounts],
        "hash": document.hash,
        "sealed_at": rules.moment(document.sealed_at) if document.sealed_at else None,
        "root": {"number": document.root.number, "hash": document.root.hash} if document.root else None,
    }


def _account_as_json(account: Account) -> dict[str, Any]:
    return {
        "account": account.kind,
        "currency": account.currency,
        "after": account.after,
        "upto": account.upto,
        "opening": account.opening,
        "closing": account.closing,
        "lines": [_line_as_json(line) for line in account.lines],
    }


def _line_as_json(line: Line) -> dict[str, Any]:
    return {
        "number": line.seq,
        "transaction": line.transaction,
        "line": line.line,
        "kind": line.kind,
        "reference": line.reference,
        "against": line.against,
        "change": line.change,
        "balance": line.balance,
        "occurred_at": rules.moment(line.occurred_at),
        "booked_at": rules.moment(line.booked_at),
        "why": list(line.why),
    }


def from_json(text: str) -> Document:
    """The statement that a JSON file holds. Raises `NotAStatement`."""
    try:
        told = json.loads(text)
        return _from_told(told)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NotAStatement(f"it lacks or misspells {problem}") from None


def _from_told(told: dict[str, Any]) -> Document:
    if told["format"] != rules.FORMAT:
        raise NotAStatement(f"its format is not {rules.FORMAT}")
    root = told["root"]
    return Document(
        instance=told["instance"],
        mode=told["mode"],
        statement=told["reference"],
        agent=told["agent"],
        number=told["number"],
        zone=told["zone"],
        since=_moment(told["since"]),
        until=_moment(told["until"]),
        previous=told["previous_hash"],
        accounts=[
            Account(
                of["account"],
                of["currency"],
                of["after"],
                of["upto"],
                of["opening"],
                of["closing"],
                [
                    Line(
                        line["number"],
                        line["transaction"],
                        line["line"],
                        line["kind"],
                        line["reference"],
                        line["against"],
                        line["change"],
                        line["balance"],
                        _moment(line["occurred_at"]),
                        _moment(line["booked_at"]),
                        line["why"],
                    )
                    for line in of["lines"]
                ],
            )
            for of in told["accounts"]
        ],
        hash=told["hash"],
        sealed_at=_moment(told["sealed_at"]) if told["sealed_at"] else None,
        root=Root(root["number"], root["hash"]) if root else None,
    )


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def as_csv(document: Document, labels: Sequence[str] = COLUMNS) -> str:
    """One row a line between the opening and the closing of its account; then rows of proof. `labels` name the columns."""
    out = io.StringIO()
    out.write("\ufeff")  # tells spreadsheets that this is UTF-8
    table = csv.writer(out)
    table.writerow(labels)
    for row in _rows(document):
        table.writerow([_cell(value) for value in row])
    return out.getvalue()


def _rows(document: Document) -> Iterator[list[Any]]:
    for account in document.accounts:
        of = [account.kind, account.currency]
        opening = _decimal(account.opening, account.currency)
        yield ["opening", *of, account.after, "", "", "", "", "", "", "", opening, ""]
        for line in account.lines:
            yield [
                *["entry", *of, line.seq, rules.moment(line.booked_at), rules.moment(line.occurred_at)],
                *[f"{line.transaction}/{line.line}", line.kind, line.reference, line.against],
                *[_decimal(line.change, account.currency), _decimal(line.balance, account.currency)],
                " ".join(line.why),
            ]
        closing = _decimal(account.closing, account.currency)
        yield ["closing", *of, account.upto, "", "", "", "", "", "", "", closing, ""]
    for name, value in _proof(document).items():
        yield ["proof", "", "", "", "", "", "", name, "" if value is None else value, "", "", "", ""]


def _proof(document: Document) -> dict[str, Any]:
    """All that a statement says besides its accounts."""
    told = {name: value for name, value in as_json(document).items() if name not in ("accounts", "root")}
    root = document.root
    return {**told, "root_number": root and root.number, "root_hash": root and root.hash}


def _decimal(amount: int, currency: str) -> str:
    return str(money.decimal(amount, currency))


def _cell(value: Any) -> str:
    """A text that no spreadsheet takes for a formula; a number stays one."""
    text = str(value)
    return f"'{text}" if FORMULA.match(text) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def from_csv(text: str) -> Document:
    """The statement that a CSV file holds. Raises `NotAStatement`."""
    table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]
    if not table or any(len(row) < len(COLUMNS) for row in table):
        raise NotAStatement("it has too few columns or rows")
    rows = [dict(zip(COLUMNS, map(_bare, row), strict=False)) for row in table]
    proof = {row["kind"]: row["reference"] for row in rows if row["row"] == "proof"}
    try:
        return _from_told(
            {
                **{name: value or None for name, value in proof.items()},
                "number": int(proof["number"]),
                "accounts": _accounts(rows),
                "root": {"number": int(proof["root_number"]), "hash": proof["root_hash"]}
                if proof["root_number"]
                else None,
            }
        )
    except (ValueError, KeyError, TypeError, InvalidOperation) as problem:
        raise NotAStatement(f"it lacks or misspells {problem}") from None


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def _accounts(rows: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in rows:
        if row["row"] == "opening":
            opened = {"account": row["account"], "currency": row["currency"], "after": int(row["number"])}
            found.append({**opened, "opening": _minor(row, "balance"), "lines": []})
        elif row["row"] == "entry":
            found[-1]["lines"].append(_line(row))
        elif row["row"] == "closing":
            found[-1] |= {"upto": int(row["number"]), "closing": _minor(row, "balance")}
    return found


def _line(row: dict[str, str]) -> dict[str, Any]:
    transaction, _, line = row["transaction"].partition("/")
    return {
        **{name: row[name] for name in ("kind", "reference", "against", "occurred_at", "booked_at")},
        "number": int(row["number"]),
        "transaction": int(transaction),
        "line": int(line),
        "change": _minor(row, "change"),
        "balance": _minor(row, "balance"),
        "why": [row["why"]],
    }


def _minor(row: dict[str, str], name: str) -> int:
    return int(Decimal(row[name]).scaleb(money.exponent(row["currency"])))


READERS: dict[str, Callable[[str], Document]] = {".json": from_json, ".csv": from_csv}
