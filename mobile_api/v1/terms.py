"""The terms that an agent earns under: those of a new referral, and those that each referral is pinned to."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from flask import Response, g
from flask_babel import get_timezone
from pydantic import Field

from erp.domain import programmes, referrals
from erp.domain.programmes import RuleRow, TermsDraft
from erp.kernel import clock
from erp.kernel.errors import NotFound
from erp.kernel.permissions import for_agent
from erp.kernel.sentences import Sentence, formatted
from erp.language import locale, say
from mobile_api.answers import answer
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Money, Named, ReferencePath, Shown, money

api = noun("terms", "Terms: what earns how much, in words and in figures")


class Chapter(Shown):
    title: str
    sentences: list[str] = Field(description="In the language of the request")


class Rule(Shown):
    key: str = Field(description="Names the rule within the terms")
    kind: str = Field(description="percent or fixed")
    event_kind: str = Field(description="payment, connection or sign_up: what it earns for")
    plan: str | None = Field(
        description="Only payments for this product plan; none: every plan without its own rule"
    )
    rate_bps: int | None = Field(description="Basis points; none in a percent rule: the rate of the tier")
    amount: Money | None = Field(description="Of a fixed rule")
    payments: str = Field(description="every or first")
    months: int | None = Field(description="For how long it goes on; none: for good")
    line_cap: Money | None
    customer_cap: Money | None
    monthly_cap: Money | None


class TierOfTerms(Shown):
    name: str
    threshold: int = Field(description="From how many connections on, or minor units of revenue")
    rate_bps: int


class Terms(Shown):
    programme: Named
    version: int
    effective_from: Moment
    currency: str
    chapters: list[Chapter]
    rules: list[Rule]
    tiers: list[TierOfTerms]
    measure: str = Field(description="connections or revenue: what a tier follows from")
    window_kind: str = Field(description="rolling, month, quarter or lifetime")
    window_days: int | None = Field(description="Of a rolling window")
    hold_days: int
    minimum_payout: Money


class Change(Shown):
    what: str
    before: str | None
    after: str | None
    means: str = Field(description="What it means for agents")


class NextTerms(Shown):
    version: int
    effective_from: Moment = Field(description="Referrals made from then on follow it")
    changes: list[Change]


class ProgrammeTerms(Terms):
    next: NextTerms | None = Field(description="The version that is scheduled to follow")


class TermsInForce(Shown):
    items: list[ProgrammeTerms]


class ComingTerms(Shown):
    version: int
    effective_from: Moment = Field(description="What happens from then on earns under it")
    reason: str = Field(description="The coded reason of the move")
    reason_text: str = Field(description="The same in words")
    changes: list[Change] = Field(description="What it says differently from the terms in force")


class TermsOfReferral(Terms):
    moved_at: Moment | None = Field(
        description="Since when the referral follows these terms; none: since it was made"
    )
    coming: ComingTerms | None = Field(description="A move to other terms that is decided and announced")


@api.get("/terms", responses={200: TermsInForce})
@for_agent
def list_terms() -> Response:
    """List the terms that a new referral would be pinned to, per programme, and what is scheduled to follow."""
    now = clock.now()
    items = [
        ProgrammeTerms(**_figures(found, found.effective_from), next=_next(found, now))
        for found in programmes.in_force(now)
    ]
    return answer(TermsInForce(items=items))


@api.get("/referrals/<reference>/terms", responses={200: TermsOfReferral, 404: None})
@for_agent
def show_terms_of_referral(path: ReferencePath) -> Response:
    """Show the terms that one of the agent's referrals follows, and the move to others that is announced."""
    now = clock.now()
    referral = referrals.find(path.reference)
    if all(share.agent_id != g.agent.id for share in referrals.shares(referral.id)):
        raise NotFound
    found = programmes.pinned(referral.terms_id)
    moved = referrals.moved(referral.id, now)
    return answer(
        TermsOfReferral(
            **_figures(found, found.effective_from),
            moved_at=moved.from_at if moved else None,
            coming=_coming(referral.id, found, now),
        )
    )


def _coming(referral_id: UUID, found: Any, now: dt.datetime) -> ComingTerms | None:
    moves = referrals.coming([referral_id], now)
    if not moves:
        return None
    (move,) = moves
    return ComingTerms(
        version=programmes.version_of(move.terms_id).version,
        effective_from=move.from_at,
        reason=move.code,
        reason_text=say(referrals.MOVE_CODES[move.code]),
        changes=told_changes(programmes.as_draft(found.id), move.terms_id, found.currency),
    )


def _figures(found: Any, effective_from: dt.datetime) -> dict[str, Any]:
    draft = programmes.as_draft(found.id)
    return {
        "programme": Named(reference=found.programme_reference, name=found.programme_name),
        "version": found.version,
        "effective_from": effective_from,
        "currency": found.currency,
        "chapters": [
            Chapter(title=say(chapter.title), sentences=[say(sentence) for sentence in chapter.sentences])
            for chapter in programmes.chapters(draft, found.currency)
        ],
        "rules": [_rule(rule, found.currency) for rule in draft.rules],
        "tiers": [TierOfTerms.model_validate(tier) for tier in draft.tiers],
        "measure": draft.measure,
        "window_kind": draft.window_kind,
        "window_days": draft.window_days,
        "hold_days": draft.hold_days,
        "minimum_payout": money(draft.minimum_payout, found.currency),
    }


def _rule(rule: RuleRow, currency: str) -> Rule:
    def perhaps(amount: int | None) -> Money | None:
        return None if amount is None else money(amount, currency)

    return Rule(
        **{
            name: getattr(rule, name)
            for name in ("key", "kind", "event_kind", "plan", "rate_bps", "payments", "months")
        },
        amount=perhaps(rule.amount),
        line_cap=perhaps(rule.line_cap),
        customer_cap=perhaps(rule.customer_cap),
        monthly_cap=perhaps(rule.monthly_cap),
    )


def _next(found: Any, now: dt.datetime) -> NextTerms | None:
    following = programmes.scheduled(found.programme_id, now)
    if following is None:
        return None
    return NextTerms(
        version=following.version,
        effective_from=following.effective_from,
        changes=told_changes(programmes.as_draft(found.id), following.id, found.currency),
    )


def told_changes(before: TermsDraft, after: UUID, currency: str) -> list[Change]:
    """What another version says differently, in the language of the request."""
    return [
        Change(
            what=say(change.what),
            before=_said(change.before),
            after=_said(change.after),
            means=" ".join(say(means) for means in change.means),
        )
        for change in programmes.changes(before, programmes.as_draft(after), currency)
    ]


def _said(value: Any) -> str | None:
    if value is None:
        return None
    return say(value) if isinstance(value, Sentence) else formatted(value, locale(), get_timezone())
