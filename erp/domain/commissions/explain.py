"""Why this amount: the same complete answer for staff and for the agent, from the payment to the bank transfer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain.commissions import queries, words
from erp.domain.commissions.freeze_queries import freezes_of
from erp.kernel.db import row
from erp.kernel.money import WHOLE
from erp.kernel.sentences import Amount, Rate, Sentence

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
LET_GO = Sentence("It was frozen on %(since)s and let go on %(until)s: %(why)s.")
FORFEITED = {
    None: Sentence("It was forfeited on %(when)s: the agent's account is closed, and the terms say so."),
    "deadline": Sentence("It was taken back on %(when)s: it was frozen, and nobody had decided in time."),
}
"""By the coded reason."""
CONFIRMED = {
    "bank_checked": Sentence("On %(when)s the customer paid %(paid)s; the bank confirmed it (%(source)s)."),
    "attested": Sentence("On %(when)s the customer paid %(paid)s; the owner's system says so (%(source)s)."),
}
COUNTED = {
    "bank_checked": Sentence("These terms count only payments that the bank has confirmed."),
    "attested": Sentence("These terms also count payments that only the owner's system reports."),
}
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
IN_PAYOUT = Sentence("%(amount)s of it is in payout %(payout)s.")


def explain(commission_id: int, *, agent_id: UUID | None = None) -> list[Sentence]:
    """Sentences that lead from the customer's payment to the money at the agent. `NotFound` for a stranger's."""
    line = queries.find(commission_id, agent_id=agent_id)
    return [*earned(line), *_corrected(line), *_held(line), *_paid(line)]


def earned(line: sa.Row[Any]) -> Iterator[Sentence]:
    """From the customer's payment to the amount of an accrual (a row of `find`)."""
    currency = line.currency
    stored = _stored(line.id)
    yield CONFIRMED[line.evidence].about(
        when=line.occurred_at,
        paid=Amount(line.payment_amount, currency),
        source=line.source_id,
    )
    yield COUNTED[line.terms_evidence]
    if (moved_at := queries.moved_here_at(line.id)) is not None:
        yield Sentence(
            "On %(when)s it was decided that the agent brought this customer, so what had been paid by then counts"
            " too.",
            when=moved_at,
        )
    if line.base != line.payment_amount:
        yield Sentence("The agent's share of that payment is %(base)s.", base=Amount(line.base, currency))
    yield Sentence(
        "The referral is pinned to version %(version)s of the terms of %(programme)s. Connections in the %(days)s"
        " days before the payment: %(volume)s. That is tier %(tier)s: %(rate)s.",
        version=line.terms_version,
        programme=line.programme_name,
        days=stored.window_days,
        volume=line.volume,
        tier=line.tier_name,
        rate=Rate(line.rate_bps),
    )
    yield Sentence(
        "%(base)s × %(rate)s = %(uncapped)s, rounded half up to a hundredth.",
        base=Amount(line.base, currency),
        rate=Rate(line.rate_bps),
        uncapped=Amount(stored.uncapped, currency),
    )
    if line.amount != stored.uncapped:
        yield Sentence(
            "The cap of %(cap)s a calendar month left %(amount)s of it.",
            cap=Amount(stored.monthly_cap, currency),
            amount=Amount(line.amount, currency),
        )


def _stored(commission_id: int) -> sa.Row[Any]:
    found = row(
        """select c.uncapped, u.monthly_cap, t.window_days from commission c join rule u on u.id = c.rule_id
           join terms t on t.id = c.terms_id where c.id = :id""",
        id=commission_id,
    )
    assert found is not None
    return found


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
    if correction.kind == "reversal" and correction.cause == "refund":
        return Sentence(
            "On %(when)s the customer was refunded, %(refunded)s in all by then; that share is taken back: %(amount)s.",
            when=correction.cause_at,
            amount=amount,
            refunded=Amount(correction.refunded, correction.currency),
        )
    if correction.moved_at is not None:
        return MOVED[correction.moved_away].about(when=correction.moved_at, amount=amount)
    return Sentence(
        "On %(when)s a fact became known late (%(source)s); the difference is %(amount)s.",
        when=correction.booked_at,
        source=correction.cause_source_id,
        amount=amount,
    )


def _held(line: sa.Row[Any]) -> Iterator[Sentence]:
    yield from _let_go(line.id)
    if line.state == "forfeited":
        yield FORFEITED[line.forfeited_code].about(when=line.forfeited_at)
    elif line.state == "reversed":
        return
    elif line.freeze_reason is not None:
        yield why_frozen(line.freeze_reason, line.freeze_code, line.on_agent_closed)
        yield words.otherwise(line.otherwise, line.decides, line.due_at)
    elif line.held_until is not None:
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
    stored = _stored(line.id)
    return {
        "payment": line.payment_amount,
        "base": line.base,
        "rate_bps": line.rate_bps,
        "whole_bps": WHOLE,
        "volume": line.volume,
        "window_days": stored.window_days,
        "uncapped": stored.uncapped,
        "monthly_cap": stored.monthly_cap,
        "accrued": line.amount,
        "trued_up": line.trued_up,
        "reversed": line.reversed,
        "net": line.net,
        "paid_out": line.paid_out,
    }
