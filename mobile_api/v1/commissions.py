"""What an agent earned, line by line, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask import Response, g
from flask_babel import get_timezone
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from erp.domain import commissions
from erp.kernel.permissions import for_agent
from erp.kernel.span import Span
from erp.language import say
from mobile_api import pages
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Day, Moment, Money, Named, Shown, example, money, named

LARGEST_ID = 2**63 - 1
State = Literal[
    "", "on_hold", "available", "credited", "frozen", "paid_out", "reversed", "forfeited", "nothing"
]
api = noun("commissions", "Commissions: this event earned this agent this amount under these terms")


class CommissionPath(BaseModel):
    id: int = Field(ge=1, le=LARGEST_ID)


class CommissionQuery(pages.PageQuery):
    state: State = Field("", description="Only those in this state")
    by: Literal["paid", "release", "deadline", "decision"] = Field(
        "paid",
        description="What `since` and `until` are days of: the customer's payment, the end of the hold, the deadline of a"
        " first payment, or by when somebody decides about what is frozen",
    )
    since: Day | SkipJsonSchema[None] = Field(
        None, description="From this day on, in the zone of the forecast"
    )
    until: Day | SkipJsonSchema[None] = Field(None, description="To the end of this day")

    @property
    def span(self) -> Span:
        return Span(_midnight(self.since), _midnight(self.until and self.until + dt.timedelta(days=1)))


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(str(get_timezone()))) if day else None


class Freeze(Shown):
    """Why a commission waits for a person, who decides, by when, and what happens if nobody does."""

    model_config = example(
        {
            "since": "2026-11-22T04:30:00Z",
            "reason": "by_hand",
            "code": "documents",
            "decided_by": "manager",
            "due_at": "2026-12-06T04:30:00Z",
            "otherwise": "release",
        }
    )

    since: Moment
    reason: str = Field(description="attribution_case, agent_suspended, agent_closed or by_hand")
    code: str | None = Field(description="The coded reason, when somebody froze it by hand")
    decided_by: str = Field(description="Which role of the owner's staff decides")
    due_at: Moment = Field(description="Until when somebody decides")
    otherwise: str = Field(description="What happens then if nobody has: release, take_back or stay")


class Commission(Shown):
    """One event's commission with everything that happened to it since."""

    id: int
    state: str = Field(
        description="on_hold, available, credited, frozen, paid_out, reversed, forfeited or nothing"
    )
    earned: Money = Field(description="What the event earned when it became known")
    net: Money = Field(description="What is left of it after reversals and true-ups")
    paid_out: Money = Field(description="How much of it is in payouts that did not fail")
    event: str = Field(description="What earned it: payment, connection or sign_up")
    customer_paid: Money = Field(description="The payment behind it; 0 for a connection or a sign-up")
    occurred_at: Moment = Field(description="When the customer paid, or signed up")
    programme: Named
    terms_version: int
    tier: str
    rate_bps: int | None = Field(description="Basis points: 500 is 5 %; none for a fixed amount")
    in_credit: bool = Field(description="Whether it is given as credit with the owner instead of money")
    referral: str = Field(description="Reference of the referral")
    establishment: Named | None
    held_until: Moment | None = Field(description="End of its hold, while it lasts")
    deadline: Moment | None = Field(
        description="By when the customer must have paid, while a bonus waits for that"
    )
    matured_at: Moment | None = Field(description="When it became available")
    freeze_reason: str | None
    freeze: Freeze | None = Field(None, description="Set while it is frozen")


class Formula(Shown):
    """The figures behind the amount: minor units, basis points, counts."""

    event: str = Field(description="payment, connection or sign_up")
    rule: str = Field(description="Key of the rule within the terms")
    rule_kind: str = Field(description="percent or fixed")
    base_kind: str = Field(description="gross, net_of_vat or net_of_fee")
    payment: int
    base: int = Field(
        description="The agent's share of the payment as the rule takes it, or of the fixed amount"
    )
    rate_bps: int | None
    whole_bps: int = Field(description="10,000: what basis points are parts of")
    measure: str = Field(description="connections, or revenue in minor units")
    volume: int = Field(description="What was counted within the window")
    window_kind: str = Field(description="rolling, month, quarter or lifetime")
    window_days: int | None
    uncapped: int = Field(description="base × rate_bps / whole_bps, rounded half up; base for a fixed amount")
    line_cap: int | None
    customer_cap: int | None
    monthly_cap: int | None
    accrued: int
    trued_up: int
    reversed: int
    net: int
    paid_out: int


class Why(Shown):
    sentences: list[str]
    formula: Formula


class ExplainedCommission(Commission):
    model_config = example({"id": 17, "why": {"sentences": ["1,500.00 ₽ × 5 % = 75.00 ₽, …"]}})

    why: Why


class Commissions(Shown):
    items: list[Commission]
    next: str | None


@api.get("/commissions", responses={200: Commissions})
@for_agent
def list_commissions(query: CommissionQuery) -> Response:
    """List the agent's commissions, newest first."""
    place = pages.place(query)
    found = commissions.of_agent(
        g.agent.id,
        state=query.state,
        span=query.span,
        dated_by=query.by,
        before=int(place) if place else None,
        limit=query.limit + 1,
    )
    page, following = pages.cut(found, query)
    return answer(Commissions(items=[Commission(**_shown(line)) for line in page], next=following))


@api.get("/commissions/<id>", responses={200: ExplainedCommission, 404: None})
@for_agent
def show_commission(path: CommissionPath) -> Response:
    """Show one commission and why it is this amount."""
    line = commissions.find(path.id, agent_id=g.agent.id)
    why = Why(
        sentences=[say(sentence) for sentence in commissions.explain(path.id, agent_id=g.agent.id)],
        formula=Formula(**commissions.formula(path.id, agent_id=g.agent.id)),
    )
    return answer(ExplainedCommission(**_shown(line), why=why))


def _shown(line: Any) -> dict[str, Any]:
    return {
        "id": line.id,
        "state": line.state,
        "earned": money(line.amount, line.currency),
        "net": money(line.net, line.currency),
        "paid_out": money(line.paid_out, line.currency),
        "event": line.event_kind,
        "customer_paid": money(line.payment_amount, line.currency),
        "occurred_at": line.occurred_at,
        "programme": named(line.programme_reference, line.programme_name),
        "terms_version": line.terms_version,
        "tier": line.tier_name,
        "rate_bps": line.rate_bps,
        "in_credit": line.in_credit,
        "referral": line.referral_reference,
        "establishment": named(line.establishment_reference, line.establishment_name),
        "held_until": line.held_until,
        "deadline": line.deadline,
        "matured_at": line.matured_at,
        "freeze_reason": line.freeze_reason,
        "freeze": _freeze(line),
    }


def _freeze(line: Any) -> dict[str, Any] | None:
    if line.freeze_id is None:
        return None
    return {
        "since": line.frozen_at,
        "reason": line.freeze_reason,
        "code": line.freeze_code,
        "decided_by": line.decides,
        "due_at": line.due_at,
        "otherwise": line.otherwise,
    }
