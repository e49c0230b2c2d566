"""What is frozen, why, by when and for whom; and freezing and letting go by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from flask import Blueprint, flash, url_for
from flask_babel import gettext, lazy_pgettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from erp.blueprints.address import sort_key
from erp.blueprints.bulk_actions import BulkAction
from erp.blueprints.columns import AGENT, Column, Moment, Money, Mono, Phrase, Tag, To, Words
from erp.blueprints.forms import Filters, Form, Outcome, attempt, choice
from erp.blueprints.listing import Empty, Listing, View
from erp.blueprints.lists import mount
from erp.blueprints.people import actor_name, agent_names, dressed
from erp.blueprints.presentation import capital, format_moment, format_money
from erp.blueprints.reasons import ReasonForm
from erp.blueprints.responses import page_or_part, seen_other
from erp.blueprints.roles import ROLES
from erp.blueprints.states import state_of, stated
from erp.domain import agents, commissions, referrals
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.paging import Listed
from erp.kernel.permissions import Permission, Role, requires
from erp.kernel.transaction import transaction
from erp.language import say

bp = Blueprint("freezes", __name__, url_prefix="/freezes")
STATES = ("frozen", "released", "forfeited", "reversed")
RULES = tuple(commissions.FREEZE_OUTCOMES)


class FreezeFilters(Filters):
    state = choice(_("Any state"))
    rule = choice(_("Whatever froze it"))
    role = choice(_("Whoever decides"))


def _find(form: FreezeFilters) -> Listed:
    found = commissions.search_freezes(
        q=form.value("q"),
        state=form.value("state"),
        rule=form.value("rule"),
        role=form.value("role"),
        sort=sort_key(),
    )
    return found.dressed(_worded)


def _worded(rows: Any) -> list[Any]:
    rows = list(rows)
    names = agent_names(row.agent_id for row in rows)
    return dressed(
        rows,
        lambda row: {
            "agent_name": names[row.agent_id],
            "why": say(commissions.why_frozen(row.rule, row.code, row.on_agent_closed)),
            "decides": str(ROLES[Role(row.role)]),
            "otherwise": str(state_of(f"freeze.{row.outcome}").label),
            "ended_why": capital(say(commissions.CODES[row.ended_code])) if row.ended_code else "",
        },
    )


def told_freezes(commission_id: int) -> list[Any]:
    """Every freeze of a line in words, for its page."""
    return dressed(
        _worded(commissions.freezes_of(commission_id)),
        lambda freeze: {
            "frozen_by": actor_name(freeze.frozen_by),
            "evidence_told": ", ".join(_evidence(freeze.evidence)),
        },
    )


def _evidence(evidence: dict[str, Any]) -> Iterator[str]:
    """The ids and moments that speak for a freeze."""
    yield from (
        str(evidence[name]) for name in ("case", "agent", "referral", "payment") if evidence.get(name)
    )
    if evidence.get("amount"):
        yield format_money(evidence["amount"], evidence["currency"])
    if evidence.get("since"):
        since = format_moment(dt.datetime.fromisoformat(evidence["since"]))
        yield gettext("since %(moment)s", moment=since)


FREEZES = Listing(
    "freezes",
    _("Frozen"),
    _("What waits for a person: why, who decides, by when, and what happens if nobody does."),
    columns=(
        Column("commission_id", _("Commission"), Mono(), to=To("commissions.show", "id", "commission_id")),
        AGENT,
        Column(
            "customer",
            _("Customer"),
            of=lambda row: row.establishment_name or row.referral_reference,
            shown=False,
        ),
        Column("rule", _("Because of"), Tag(), card="more", shown=False),
        Column("why", _("Why"), Words(120), card="note"),
        Column("decides", _("Who decides"), Phrase()),
        Column(
            "due_at",
            _("By when"),
            Moment(is_near=True),
            of=lambda row: row.due_at if row.state == "frozen" else None,
            sort=True,
        ),
        Column(
            "otherwise",
            _("If nobody does"),
            Phrase(),
            of=lambda row: row.otherwise if row.state == "frozen" else "",
            quiet=True,
        ),
        Column("state", _("State"), Tag(), card="state"),
        Column("amount", _("Amount"), Money(), sort=True, card="sum", total=True),
        Column("frozen_at", _("Frozen since"), Moment(), sort=True, shown=False),
        Column("ended_at", _("Ended"), Moment(), shown=False),
        Column("ended_why", _("Why it ended"), Words(), shown=False),
        Column("note", _("Note"), Words(), shown=False),
    ),
    find=_find,
    filters=lambda: FreezeFilters(
        state=stated(STATES),
        rule=stated(RULES),
        role=[(role, ROLES[Role(role)]) for role in commissions.FREEZE_ROLES],
    ),
    empty=Empty("snowflake", _("Nothing is frozen"), _("A case, a suspension or a colleague freezes lines.")),
    actions=(
        BulkAction(
            "release",
            lazy_pgettext("deed", "Let go"),
            "erp.domain.commissions.release",
            Permission.COMMISSIONS_DECIDE,
            _("Each line goes back to where it was taken from: to its hold, or to what is available."),
            "lock-open",
            asks=("note", _("Why")),
        ),
    ),
    label=lambda row: gettext("Commission %(number)s", number=row.commission_id),
    views=(
        View(_("All")),
        View(_("Waiting for a decision"), {"state": "frozen"}),
        View(_("Frozen by hand"), {"state": "frozen", "rule": "by_hand"}),
        View(_("For finance"), {"state": "frozen", "role": "finance"}),
        View(_("Let go"), {"state": "released"}),
    ),
)
mount(bp, FREEZES, Permission.COMMISSIONS_READ)


class Whole(NamedTuple):
    """What is frozen or let go together: one commission, or all of an agent or of a referral."""

    title: str
    url: str
    whose: dict[str, Any]


@bp.get("/<kind>/<reference>")
@requires(Permission.COMMISSIONS_READ)
def of(kind: str, reference: str) -> Any:
    """What freezing, or letting go, will do, before it is done."""
    return _page(kind, reference)


@bp.post("/<kind>/<reference>")
@requires(Permission.COMMISSIONS_DECIDE)
def freeze(kind: str, reference: str) -> Any:
    whole, form = _whole(kind, reference), ReasonForm(commissions.FREEZE_CODES)
    with attempt(form) as tried, transaction():
        form.check()
        number = commissions.freeze(
            form.code.data, form.note.data, **whole.whose, by=current_user.actor, now=clock.now()
        )
    if tried.refusal:
        return _page(kind, reference, tried, freezing=form)
    flash(ngettext("%(num)s commission is frozen.", "%(num)s commissions are frozen.", number))
    return seen_other(whole.url)


@bp.post("/<kind>/<reference>/release")
@requires(Permission.COMMISSIONS_DECIDE)
def let_go(kind: str, reference: str) -> Any:
    whole, form = _whole(kind, reference), ReasonForm(commissions.RELEASE_CODES)
    given = {"by": current_user.actor, "now": clock.now()}
    with attempt(form) as tried, transaction():
        form.check()
        if "commission_id" in whole.whose:
            commissions.release(_open_freeze(whole).id, form.note.data, form.code.data, **given)
            number = 1
        else:
            number = commissions.release_by_hand(form.code.data, form.note.data, **whole.whose, **given)
    if tried.refusal:
        return _page(kind, reference, tried, releasing=form)
    flash(ngettext("%(num)s commission was let go.", "%(num)s commissions were let go.", number))
    return seen_other(whole.url)


def _whole(kind: str, reference: str) -> Whole:
    """Raises `NotFound`."""
    if kind == "agents":
        agent = agents.find(reference)
        return Whole(
            agent_names([agent.id])[agent.id], _url("agents", agent.reference), {"agent_id": agent.id}
        )
    if kind == "referrals":
        referral = referrals.find(reference)
        return Whole(
            referral.establishment_name or referral.reference,
            _url("referrals", referral.reference),
            {"referral_id": referral.id},
        )
    if kind == "commissions" and reference.isdecimal() and len(reference) < 19:
        line = commissions.find(int(reference))
        title = gettext("Commission %(number)s", number=line.id)
        return Whole(title, url_for("commissions.show", id=line.id), {"commission_id": line.id})
    raise NotFound


def _url(noun: str, reference: str) -> str:
    return url_for(f"{noun}.show", reference=reference)


def _open_freeze(whole: Whole) -> Any:
    """The freeze of a line that lasts, or its last one, which the verb then refuses. Raises `NotFound`."""
    found = commissions.freezes_of(whole.whose["commission_id"])
    if not found:
        raise NotFound
    return found[-1]


def _page(kind: str, reference: str, tried: Outcome | None = None, **forms: Form) -> Any:
    whole = _whole(kind, reference)
    return page_or_part(
        "freezes/of.html",
        "freezes/_deeds.html",
        status=422 if tried else 200,
        kind=kind,
        reference=reference,
        whole=whole,
        to_freeze=list(_summed(commissions.may_be_frozen(**whole.whose))),
        to_release=list(_summed(_frozen(whole))),
        freezing=forms.get("freezing") or ReasonForm(commissions.FREEZE_CODES, formdata=None),
        releasing=forms.get("releasing") or ReasonForm(commissions.RELEASE_CODES, formdata=None),
        refusal=tried and tried.refusal,
    )


def _frozen(whole: Whole) -> list[Any]:
    """What can be let go here: what somebody froze by hand, or the one line, whatever froze it."""
    if "commission_id" not in whole.whose:
        return list(commissions.frozen_by_hand(**whole.whose))
    return [
        SimpleNamespace(currency=freeze.currency, lines=1, net=freeze.net)
        for freeze in commissions.freezes_of(whole.whose["commission_id"])
        if freeze.state == "frozen" and freeze.rule != "attribution_case"
    ]


def _summed(parts: Any) -> Iterator[str]:
    for part in parts:
        yield ngettext(
            "%(amount)s of %(num)s commission",
            "%(amount)s of %(num)s commissions",
            part.lines,
            amount=format_money(part.net, part.currency),
        )
