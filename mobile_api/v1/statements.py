"""An agent's sealed periods in the ledger, each with every line explained."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from flask import Response, g
from pydantic import BaseModel, Field

from erp import config, papers
from erp.domain import agents, statements
from erp.kernel.permissions import for_agent
from erp.language import say
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, ReferencePath, Shown, example

api = noun("statements", "Statements: a month of the agent's accounts, sealed; nobody can change it any more")
EXAMPLE = {
    "reference": "STM-7K3M9QXD",
    "number": 3,
    "zone": "Europe/Moscow",
    "since": "2026-09-30T21:00:00Z",
    "until": "2026-10-31T21:00:00Z",
    "hash": "5e1f" + "0" * 60,
    "previous_hash": "77aa" + "0" * 60,
    "sealed_at": "2026-10-31T21:01:10Z",
}


class SealRoot(Shown):
    number: int
    hash: str


class Statement(Shown):
    model_config = example({**EXAMPLE, "lines": 12, "root": 3})

    reference: str
    number: int = Field(description="Counts the agent's statements from 1")
    zone: str = Field(description="Whose calendar month it is")
    since: Moment
    until: Moment = Field(description="The first moment after the period")
    lines: int = Field(description="How many lines it has")
    hash: str = Field(description="The seal: SHA-256 over the previous seal and all lines")
    previous_hash: str | None = Field(description="The seal of the statement before")
    sealed_at: Moment
    root: int | None = Field(description="Number of the exported root that holds the seal")


class StatementLine(Shown):
    """What one entry did to one account: minor units of its currency."""

    number: int = Field(description="Counts the entries of the account from 1, without a gap")
    transaction: int
    line: int = Field(description="Line of the transaction")
    kind: str = Field(description="accrual, reversal, maturity, payout_paid and so on")
    reference: str = Field(description="The fact it follows from: a payment at the bank, a payout")
    against: str = Field(description="The account on the other side")
    change: int
    balance: int = Field(description="After this entry")
    occurred_at: Moment
    booked_at: Moment
    why: list[str] = Field(description="In the agent's language; the seal does not cover the words")


class StatementAccount(Shown):
    account: str = Field(description="pending (on hold), frozen, available, in_payout, credit")
    currency: str
    after: int = Field(description="Number of the last entry before the period")
    upto: int = Field(description="Number of the last entry of the period")
    opening: int = Field(description="Minor units")
    closing: int = Field(description="Minor units")
    lines: list[StatementLine]


class SealedStatement(Shown):
    """All that the seal covers. Kept as a file, it is verified offline by `ref statement verify`."""

    model_config = example(
        {
            "format": "ref-statement-1",
            "instance": "0190a1b2-0000-7000-8000-000000000000",
            "mode": "mock",
            "agent": "AGT-7K3M9QXD",
            **EXAMPLE,
            "accounts": [],
            "root": {"number": 3, "hash": "01bc" + "0" * 60},
        }
    )

    format: str
    instance: str
    mode: str = Field(description="mock: no real money")
    reference: str
    agent: str
    number: int
    zone: str
    since: Moment
    until: Moment
    previous_hash: str | None
    accounts: list[StatementAccount]
    hash: str
    sealed_at: Moment
    root: SealRoot | None


class Statements(Shown):
    items: list[Statement]
    next: str | None


@api.get("/statements", responses={200: Statements})
@for_agent
def list_statements(query: pages.PageQuery) -> Response:
    """List the agent's statements and their seals, newest first."""
    place = pages.place(query)
    found = statements.of_agent(g.agent.id, before=UUID(str(place)) if place else None, limit=query.limit + 1)
    page, following = pages.cut(found, query)
    return answer(Statements(items=[Statement(**_shown(one)) for one in page], next=following))


@api.get("/statements/<reference>", responses={200: SealedStatement, 404: None})
@for_agent
def show_statement(path: ReferencePath) -> Response:
    """Show one statement with every line explained: the file that can be verified."""
    document = statements.document(statements.find(path.reference, agent_id=g.agent.id))
    told = statements.as_json(statements.explained(document, g.agent.id, say))
    return answer(SealedStatement.model_validate(told))


BYTES = {"type": "string", "format": "binary"}
FILE = {
    "description": "The file",
    "content": {
        mimetype: {"schema": {"$ref": "#/components/schemas/SealedStatement"} if format == "json" else BYTES}
        for format, (mimetype, _made) in papers.FORMATS.items()
    },
}


class FileQuery(BaseModel):
    format: Literal["pdf", "xlsx", "csv", "json"] = Field(
        "pdf", description="For people: pdf, xlsx. To be verified offline: json, csv"
    )


@api.get("/statements/<reference>/file", responses={200: FILE, 404: None})
@for_agent
def keep_statement(path: ReferencePath, query: FileQuery) -> Response:
    """Keep one statement as a file, in the agent's language."""
    document = statements.document(statements.find(path.reference, agent_id=g.agent.id))
    name = agents.profile(g.agent.id).name or document.agent
    told = papers.said(document, g.agent.id)
    paper = papers.statement(query.format, told, name, config.get().owner)
    head = {"Content-Disposition": f'attachment; filename="{paper.name}"'}
    return Response(paper.content, mimetype=paper.mimetype, headers=head)


def _shown(statement: Any) -> dict[str, Any]:
    return {
        "reference": statement.reference,
        "number": statement.number,
        "zone": statement.zone,
        "since": statement.since,
        "until": statement.until,
        "lines": statement.lines,
        "hash": statement.hash,
        "previous_hash": statement.previous_hash,
        "sealed_at": statement.sealed_at,
        "root": statement.root_id,
    }
