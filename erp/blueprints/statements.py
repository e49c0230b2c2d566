"""Statements: agents' months in the ledger, sealed, as pages and as files; and what the open month holds so far."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user

from erp import papers
from erp.blueprints.address import sort_key
from erp.blueprints.columns import Column, Count, Moment, Mono, To, Trace
from erp.blueprints.forms import Within, attempt
from erp.blueprints.history import history_of
from erp.blueprints.listing import Empty, Listing
from erp.blueprints.lists import mount
from erp.blueprints.people import agent_names, shown, with_agent_names
from erp.blueprints.presentation import format_month
from erp.blueprints.responses import seen_other
from erp.domain import agents, statements
from erp.kernel import audit, clock
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, requires
from erp.kernel.transaction import transaction

bp = Blueprint("statements", __name__, url_prefix="/statements")


class StatementFilters(Within):
    DATES = ("since", "until")


def _find(form: StatementFilters) -> Listed:
    found = statements.search(text=form.value("q"), span=form.span, sort=sort_key())
    return found.dressed(lambda rows: with_agent_names(rows, agent_name="agent_id"))


def _month(statement: Any) -> str:
    """The calendar month, or the months, of a statement."""
    return format_month(statements.last_day(statement.until, statement.zone))


STATEMENTS = Listing(
    "statements",
    _("Statements"),
    _("Each agent's months that are over, sealed: nobody can change them unseen."),
    columns=(
        Column("reference", _("Statement"), Mono(), card="note", to=To("statements.show")),
        Column("month", _("Month"), of=_month, card="name", to=To("statements.show")),
        Column("agent_name", _("Agent"), to=To("agents.show", value="agent_reference"), card="more"),
        Column("number", _("Number"), Count(), shown=False),
        Column("lines", _("Lines"), Count(), sort=True, card="also"),
        Column("until", _("Ends"), Moment(), sort=True, shown=False),
        Column("sealed_at", _("Sealed"), Moment(), quiet=True),
        Column("root_id", _("Root"), Count(), quiet=True),
        Column("hash", _("Seal"), Trace(16)),
    ),
    find=_find,
    filters=StatementFilters,
    empty=Empty(
        "stamp", _("No statement yet"), _("When a month is over, every agent who earned in it gets one.")
    ),
    template="statements/index.html",
)
mount(bp, STATEMENTS, Permission.AGENTS_READ)


@bp.get("/<reference>")
@requires(Permission.AGENTS_READ)
def show(reference: str) -> Any:
    found = statements.find(reference)
    return _page(statements.document(found), found.agent_id, history=history_of("statement", found.id))


@bp.post("/<reference>/file")
@requires(Permission.AGENTS_READ)
def keep(reference: str) -> Response:
    """A deed, because it is written down who took what."""
    found = statements.find(reference)
    format = request.form.get("format", "pdf")
    with attempt() as tried:
        paper = _paper(format, statements.document(found), found.agent_id)
        with transaction():
            details = {"statement": found.reference, "format": format}
            audit.record(
                "statement.exported",
                "statement",
                found.id,
                by=current_user.actor,
                at=clock.now(),
                details=details,
            )
        return _kept(paper)
    flash(str(tried.refusal), "error")
    return seen_other(url_for("statements.show", reference=reference))


@bp.get("/open/<reference>")
@requires(Permission.AGENTS_READ)
def preview(reference: str) -> Any:
    """What an agent's open month holds so far; nothing in it is sealed."""
    agent = agents.find(reference)
    return _page(statements.preview(agent.id, reference, clock.now()), agent.id, history=[])


def _page(document: statements.Document, agent_id: UUID, *, history: list[Any]) -> str:
    return render_template(
        "statements/show.html",
        document=papers.said(document, agent_id),
        agent=shown(agents.profile(agent_id)),
        words=papers.words,
        owner=current_app.config["REF"].owner,
        history=history,
    )


def _paper(format: str, document: statements.Document, agent_id: UUID) -> papers.Paper:
    name = agent_names([agent_id])[agent_id]
    told = papers.said(document, agent_id)
    return papers.statement(format, told, name, current_app.config["REF"].owner)


def _kept(paper: papers.Paper) -> Response:
    head = {"Content-Disposition": f'attachment; filename="{paper.name}"', "Cache-Control": "no-store"}
    return Response(paper.content, mimetype=paper.mimetype, headers=head)
