"""The way of one commission as a picture: from the customer's payment to the agent's bank, and what came back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from erp.blueprints.presentation import format_bps, format_money
from erp.blueprints.states import state_of
from erp.domain import commissions, referrals
from erp.language import say

BACK_OUT = ("failed", "returned")
"""Transfers whose money is with us again."""
ON_ITS_WAY = ("approved", "checking", "checked", "paying", "unknown")


class Branch(NamedTuple):
    """What left the way at a station: money taken back, or added later. `tone` is bad or ok."""

    title: str
    text: str
    at: dt.datetime | None
    url: str = ""
    tone: str = "bad"


class Station(NamedTuple):
    """A stop on the way: `state` is done, current, failed or later; `label` leads to the page that tells more."""

    title: str
    icon: str
    state: str
    figure: str = ""
    text: str = ""
    at: dt.datetime | None = None
    label: str = ""
    url: str = ""
    branches: tuple[Branch, ...] = ()


class Line(NamedTuple):
    """A commission with all that its way is drawn from."""

    row: Any
    figures: dict[str, Any]
    referral: Any
    corrections: Sequence[Any]
    transfers: Sequence[Any]

    def money(self, amount: int) -> str:
        return format_money(amount, self.row.currency)

    @property
    def transfer(self) -> Any:
        """The last transfer that has not ended badly."""
        return next(
            (one for one in reversed(self.transfers) if one.state not in (*BACK_OUT, "withdrawn")), None
        )


def way_of(row: Any, corrections: Sequence[Any], transfers: Sequence[Any]) -> list[Station]:
    """The stations of a commission (`commissions.find`, with its agent's name), in the order of the money's way."""
    line = Line(
        row, commissions.formula(row.id), referrals.find(row.referral_reference), corrections, transfers
    )
    return [*_earned(line), _held(line), _available(line), _prepared(line), _transferred(line)]


def _earned(line: Line) -> Iterator[Station]:
    """What is settled once and for all when the line is booked."""
    row, figures, referral = line.row, line.figures, line.referral
    titles = {
        "payment": gettext("Customer paid"),
        "connection": gettext("Connected"),
        "sign_up": gettext("Signed up"),
    }
    yield Station(
        titles[row.event_kind],
        "credit-card" if row.event_kind == "payment" else "store",
        "done",
        line.money(row.payment_amount) if row.event_kind == "payment" else "",
        at=row.occurred_at,
        label=row.payment_reference or "",
        url=url_for("payments.show", reference=row.payment_reference) if row.payment_reference else "",
    )
    yield Station(
        gettext("Proven"), "stamp", "done", text=str(state_of(row.evidence).label), at=row.recorded_at
    )
    yield Station(
        gettext("Attributed"),
        "git-fork",
        "done",
        text=gettext("to %(agent)s: %(basis)s", agent=row.agent_name, basis=_basis(referral)),
        at=referral.registered_at,
        label=row.referral_reference,
        url=url_for("referrals.show", reference=row.referral_reference),
    )
    yield Station(
        gettext("Terms and tier"),
        "badge-percent",
        "done",
        row.tier_name,
        text=_counted(line, figures),
        label=gettext(
            "%(programme)s, terms %(version)s", programme=row.programme_name, version=row.terms_version
        ),
        url=url_for("terms.show", reference=row.programme_reference, version=row.terms_version),
    )
    yield Station(
        gettext("Rated"),
        "percent",
        "done",
        line.money(figures["uncapped"]),
        text=f"{line.money(row.base)} × {format_bps(row.rate_bps)}" if row.rate_bps is not None else "",
    )
    if figures["monthly_cap"] is not None:
        cut = row.amount != figures["uncapped"]
        cap = line.money(figures["monthly_cap"])
        yield Station(
            gettext("Cap"),
            "fold-vertical",
            "done",
            line.money(row.amount),
            text=gettext("%(cap)s a month left so much", cap=cap)
            if cut
            else gettext("%(cap)s a month were not reached", cap=cap),
        )


def _counted(line: Line, figures: dict[str, Any]) -> str:
    """What the tier followed from; nothing when the rule does not ask for the tier."""
    if figures["rule_kind"] == "fixed":
        return ""
    if figures["measure"] == "revenue":
        return gettext("%(revenue)s of revenue", revenue=line.money(line.row.volume))
    if figures["window_days"] is None:
        return ngettext("%(num)s connection", "%(num)s connections", line.row.volume)
    return ngettext(
        "%(num)s connection in %(days)s days",
        "%(num)s connections in %(days)s days",
        line.row.volume,
        days=figures["window_days"],
    )


def _basis(referral: Any) -> str:
    words = {
        "booking": gettext("the place was booked"),
        "code": gettext("the code was given"),
        "click": gettext("a link was followed"),
    }
    return words[referral.basis]


def _held(line: Line) -> Station:
    row = line.row
    branches = tuple(_taken(line, ("pending", "frozen")))
    if row.forfeited_at is not None:
        why = (
            gettext("it was frozen, and nobody decided in time")
            if row.forfeited_code
            else gettext("the agent's account is closed, and the terms say so")
        )
        return Station(gettext("Forfeited"), "ban", "failed", "", why, row.forfeited_at, branches=branches)
    if row.freeze_reason is not None:
        why = say(commissions.why_frozen(row.freeze_reason, row.freeze_code, row.on_agent_closed))
        return Station(
            gettext("Frozen"),
            "snowflake",
            "failed",
            line.money(row.net),
            why,
            row.frozen_at,
            branches=branches,
        )
    if row.held_until is not None:
        state = "failed" if row.state == "reversed" else "current"
        text = gettext("until its end, in case the customer is refunded")
        return Station(
            gettext("Hold"), "hourglass", state, line.money(row.net), text, row.held_until, branches=branches
        )
    return Station(
        gettext("Hold"), "hourglass", "done", "", gettext("it ended"), row.matured_at, branches=branches
    )


def _available(line: Line) -> Station:
    row = line.row
    if row.matured_at is None:
        return Station(gettext("Available"), "wallet", "later")
    branches = tuple(_taken(line, ("available",), before=line.transfer and line.transfer.paid_at))
    waits = line.transfer is None and row.state == "available"
    state = "current" if waits else "failed" if row.net <= 0 and line.transfer is None else "done"
    return Station(
        gettext("Available"),
        "wallet",
        state,
        line.money(row.net + _after_payment(line)),
        "",
        row.matured_at,
        branches=branches,
    )


def _prepared(line: Line) -> Station:
    transfer = line.transfer
    if transfer is None:
        return Station(gettext("Payout run"), "layers", "later")
    approved = transfer.approved_at is not None
    return Station(
        gettext("Payout run"),
        "layers",
        "done" if approved else "current",
        line.money(transfer.amount),
        gettext("approved") if approved else gettext("waits for a second person"),
        transfer.approved_at or transfer.prepared_at,
        transfer.run_reference,
        url_for("payout_runs.show", reference=transfer.run_reference),
    )


def _transferred(line: Line) -> Station:
    transfer = line.transfer
    came_back = tuple(_came_back(line))
    if transfer is None or transfer.state == "prepared":
        return Station(gettext("Bank transfer"), "landmark", "later", branches=came_back)
    return Station(
        gettext("Bank transfer"),
        "landmark",
        "current" if transfer.state in ON_ITS_WAY else "done",
        line.money(transfer.amount),
        str(state_of(transfer.state).label),
        transfer.paid_at,
        transfer.reference,
        url_for("payouts.show", reference=transfer.reference),
        (*came_back, *_taken(line, ("available",), since=transfer.paid_at)),
    )


def _taken(
    line: Line,
    accounts: tuple[str, ...],
    *,
    since: dt.datetime | None = None,
    before: dt.datetime | None = None,
) -> Iterator[Branch]:
    """What corrections took from the line, or gave it, while it stood at a station."""
    for one in line.corrections:
        if one.account not in accounts or not one.amount:
            continue
        if (since and one.booked_at < since) or (before and one.booked_at >= before):
            continue
        yield Branch(
            line.money(one.amount),
            _why(one, is_debt=since is not None),
            one.booked_at,
            url_for("reversals.show", reference=one.reversal_reference)
            if one.reversal_reference
            else _payment_url(line),
            "bad" if one.amount < 0 else "ok",
        )


CAUSES = {
    "refund": _("the customer was refunded"),
    "chargeback": _("the payer's bank took money back"),
    "chargeback_reversal": _("the payer's bank gave again what it had taken back"),
    "cancellation": _("the customer cancelled"),
    "lapse": _("the customer had not paid in time"),
    "decision": _("somebody took it back"),
    "payment": _("the customer paid after all"),
}
"""Why something came back, by the kind of fact that caused it."""


def _why(correction: Any, *, is_debt: bool) -> str:
    if correction.is_undo:
        return gettext("it is given back: taking it back was undone")
    if correction.kind == "reversal" and correction.cause in CAUSES:
        why = str(CAUSES[correction.cause])
        if not is_debt or correction.amount > 0:
            return why
        return gettext("%(why)s after it was paid: a debt that later commissions repay", why=why)
    if correction.moved_at is not None:
        return gettext("a case gave a customer to another agent")
    return gettext("a fact became known late")


def _came_back(line: Line) -> Iterator[Branch]:
    for transfer in line.transfers:
        if transfer.state in BACK_OUT:
            text = (
                gettext("the bank refused: available again")
                if transfer.state == "failed"
                else gettext("it came back from the bank: available again")
            )
            url = url_for("payouts.show", reference=transfer.reference)
            yield Branch(f"{transfer.reference}, {line.money(transfer.amount)}", text, transfer.state_at, url)


def _after_payment(line: Line) -> int:
    """What was taken after the transfer, so that the figure before it is what was there then."""
    if line.transfer is None or line.transfer.paid_at is None:
        return 0
    return -sum(
        one.amount
        for one in line.corrections
        if one.account == "available" and one.booked_at >= line.transfer.paid_at
    )


def _payment_url(line: Line) -> str:
    reference = line.row.payment_reference
    return url_for("payments.show", reference=reference) if reference else ""
