"""Why this amount: the same complete answer for staff and for the agent, from the payment to the bank transfer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.commissions import queries, words
from erp.domain.commissions.earned import earned, told_of
from erp.domain.commissions.freeze_queries import freezes_of
from erp.kernel.money import WHOLE
from erp.kernel.sentences import Amount, Sentence

FROZEN = {
    "attribution_case": Sentence("It is frozen while it is decided who brought this customer."),
    "agent_suspended": Sentence("It is frozen because the agent is suspended."),
}
FROZEN_OF_CLOSED = {
    "release": Sentence(
        "It is frozen because the agent's account is closed. When all is settled with the agent, it is let go."
    ),
    "forfeit": Sentence(
        "It is frozen because the agent's account is closed. Under the terms it is forfeited."
    ),
}
FROZEN_BY_HAND = Sentence("It was frozen by hand: %(why)s.")
UNDONE = Sentence("On %(when)s a reversal by hand was undone, for the reason “%(reason)s”: %(amount)s.")
LET_GO = Sentence("It was frozen on %(since)s and let go on %(until)s: %(why)s.")
FORFEITED = {
    None: Sentence("It was forfeited on %(when)s: the agent's account is closed, and the terms say so."),
    "deadline": Sentence("It was taken back on %(when)s: it was frozen, and nobody had decided in time."),
}
"""By the coded reason."""
MOVED = {
    True: Sentence(
        "On %(when)s it was decided that another agent brought this customer; the commission goes to them: %(amount)s."
    ),
    False: Sentence(
        "On %(when)s it was decided that another agent brought a customer, which changes what is counted here; the"
        " difference is %(amount)s."
    ),
}
"""Whether the customer is the commission's own."""
TRANSFERRED = {
    "paid": Sentence("%(amount)s of it was paid out by the bank with %(payout)s."),
    "returned": Sentence("%(amount)s of it was paid out with %(payout)s and came back from the bank."),
    "failed": Sentence("%(amount)s of it was to be paid with %(payout)s, but the bank refused the transfer."),
    "withdrawn": Sentence("%(amount)s of it was taken out of payout %(payout)s."),
}
BECAUSE_OF = {
    "refund": Sentence(
        "On %(when)s the customer was refunded, %(refunded)s in all by then; that share is taken back: %(amount)s."
    ),
    "chargeback": Sentence(
        "On %(when)s the payer's bank took money back, %(refunded)s in all by then; that share is taken back: %(amount)s."
    ),
    "chargeback_reversal": Sentence(
        "On %(when)s what the payer's bank had taken back was given again; that share is given again: %(amount)s."
    ),
    "cancellation": Sentence(
        "On %(when)s the customer cancelled; what was not earned is taken back: %(amount)s."
    ),
    "lapse": Sentence("By %(when)s the customer had not paid; the bonus is given back: %(amount)s."),
    "decision": Sentence(
        "On %(when)s it was decided to take it back, for the reason “%(reason)s”: %(amount)s."
    ),
    "payment": Sentence("On %(when)s the customer paid after all; the bonus is given again: %(amount)s."),
}
"""Reversals by the kind of fact that caused them."""
WAITS = Sentence(
    "It waits for the customer's first payment. If none comes by %(deadline)s, it is given back."
)
STAYS = Sentence("If the customer cancels within %(days)s days of it, it is given back.")
IN_PAYOUT = Sentence("%(amount)s of it is in payout %(payout)s.")


def explain(commission_id: int, *, agent_id: UUID | None = None) -> list[Sentence]:
    """Sentences that lead from the customer's payment to the money at the agent. `NotFound` for a stranger's."""
    line = queries.find(commission_id, agent_id=agent_id)
    return [*earned(line), *_corrected(line), *_held(line), *_paid(line)]


def _corrected(line: sa.Row[Any]) -> Iterator[Sentence]:
    for correction in queries.corrections(line.id):
        if correction.amount:
            yield corrected(correction)
    left = line.amount + line.trued_up + line.reversed
    if left != line.amount:
        yield Sentence("That leaves %(net)s.", net=Amount(left, line.currency))


def corrected(correction: sa.Row[Any]) -> Sentence:
    """Why a correction (a row of `corrections`) was booked."""
    amount = Amount(correction.amount, correction.currency)
    if correction.is_undo:
        return UNDONE.about(when=correction.cause_at, amount=amount, reason=reason_of(correction.reason))
    if correction.kind == "reversal" and correction.cause in BECAUSE_OF:
        return BECAUSE_OF[correction.cause].about(
            when=correction.cause_at,
            amount=amount,
            refunded=Amount(correction.refunded, correction.currency),
            reason=reason_of(correction.reason),
        )
    if correction.moved_at is not None:
        return MOVED[correction.moved_away].about(when=correction.moved_at, amount=amount)
    return Sentence(
        "On %(when)s a fact became known late (%(source)s); the difference is %(amount)s.",
        when=correction.booked_at,
        source=correction.cause_source_id,
        amount=amount,
    )


def reason_of(code: str | None) -> str | Sentence | None:
    """A coded reason in words; one that is not coded as it was written."""
    return words.CODES.get(code, code) if code else None


def _held(line: sa.Row[Any]) -> Iterator[Sentence]:
    yield from _let_go(line.id)
    if line.state == "forfeited":
        yield FORFEITED[line.forfeited_code].about(when=line.forfeited_at)
    elif line.state == "reversed":
        return
    elif line.freeze_reason is not None:
        yield why_frozen(line.freeze_reason, line.freeze_code, line.on_agent_closed)
        yield words.otherwise(line.otherwise, line.decides, line.due_at)
    elif line.deadline is not None:
        yield WAITS.about(deadline=line.deadline)
    elif line.held_until is not None:
        if line.condition == "stays":
            yield STAYS.about(days=line.condition_days)
        yield Sentence(
            "It is on hold until %(until)s, in case the customer is refunded.", until=line.held_until
        )
    elif line.matured_at is not None:
        yield Sentence("Its hold ended and it became available on %(when)s.", when=line.matured_at)


def _let_go(commission_id: int) -> Iterator[Sentence]:
    """The freezes of a line that are over, each with why it was let go."""
    for freeze in freezes_of(commission_id):
        if freeze.state == "released" and freeze.ended_code is not None:
            yield LET_GO.about(
                since=freeze.frozen_at, until=freeze.ended_at, why=words.CODES[freeze.ended_code]
            )


def why_frozen(rule: str, code: str | None, on_agent_closed: str) -> Sentence:
    """Why a commission is frozen: by which rule, for which coded reason if by hand, under which terms if closed."""
    if code is not None:
        return FROZEN_BY_HAND.about(why=words.CODES[code])
    return FROZEN_OF_CLOSED[on_agent_closed] if rule == "agent_closed" else FROZEN[rule]


def _paid(line: sa.Row[Any]) -> Iterator[Sentence]:
    for transfer in queries.transfers(line.id):
        yield TRANSFERRED.get(transfer.state, IN_PAYOUT).about(
            amount=Amount(transfer.amount, line.currency), payout=transfer.reference
        )
    if line.net < line.paid_out:
        yield Sentence(
            "It was paid before it was taken back: %(debt)s is a debt that later commissions repay.",
            debt=Amount(line.paid_out - line.net, line.currency),
        )


def formula(commission_id: int, *, agent_id: UUID | None = None) -> dict[str, Any]:
    """The figures behind the amount, for programs: minor units, basis points, counts."""
    line = queries.find(commission_id, agent_id=agent_id)
    told = told_of(line.id)
    return {
        "event": line.event_kind,
        "rule": told.key,
        "rule_kind": told.kind,
        "base_kind": told.base,
        "payment": line.payment_amount,
        "base": line.base,
        "rate_bps": line.rate_bps,
        "whole_bps": WHOLE,
        "volume": line.volume,
        "measure": told.measure,
        "window_kind": told.window_kind,
        "window_days": told.window_days,
        "uncapped": told.uncapped,
        "line_cap": told.line_cap,
        "customer_cap": told.customer_cap,
        "monthly_cap": told.monthly_cap,
        "accrued": line.amount,
        "trued_up": line.trued_up,
        "reversed": line.reversed,
        "net": line.net,
        "paid_out": line.paid_out,
    }
