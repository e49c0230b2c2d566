"""Agents who earn: customers they brought, payments and refunds at any moment, and what the books make of them.

Everything is done by the verbs of the domain. Each call commits, or looks and leaves no transaction open.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from erp.domain import agents, bookings, commissions, integrations, ledger, payouts, programmes, referrals
from erp.domain.integrations import NewEvent
from erp.domain.payouts import checks, transfers
from erp.gateways.tbank import PayoutStatus
from erp.invariants import examine
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, rows, scalar
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY

FEDOR, FILIPP = Actor.staff(UUID(int=1)), Actor.staff(UUID(int=2))
"""Two people of finance: one prepares, the other approves."""
LATER = NOW + dt.timedelta(days=365)
"""A moment by which every hold has passed."""
NUMBERS = itertools.count(1)
"""Nobody has the same phone, no two places have the same name."""

Tier = tuple[int, int]
"""From so many connections, so many basis points."""


def days(number: float) -> dt.datetime:
    """So many days after (or before) `NOW`."""
    return NOW + dt.timedelta(days=number)


def programme_of(terms: programmes.TermsDraft, *, key: str = "superapp", zone: str = "Europe/Moscow") -> UUID:
    """A programme with these terms, long in force; its id."""
    with transaction():
        made = programmes.create(key, key.title(), "RUB", zone, by=SOMEBODY, now=days(-730))
        version = programmes.draft(made, terms, by=SOMEBODY, now=days(-730))
        programmes.activate(version, by=SOMEBODY, now=days(-730))
    return made


def programme(*tiers: Tier, key: str = "superapp", zone: str = "Europe/Moscow", **limits: Any) -> UUID:
    """A programme with these tiers, long in force; its id."""
    with transaction():
        made = programmes.create(key, key.title(), "RUB", zone, by=SOMEBODY, now=days(-730))
    new_terms(made, *tiers, at=days(-730), **limits)
    return made


def new_terms(programme_id: UUID, *tiers: Tier, at: dt.datetime, **limits: Any) -> UUID:
    """The next version of a programme's terms, in force from `at`: a percentage by tier, unless `rules` are given."""
    named = [programmes.TierRow(f"Tier {threshold}", threshold, rate) for threshold, rate in tiers]
    limits.setdefault("rules", [programmes.RuleRow(monthly_cap=limits.pop("monthly_cap", None))])
    if limits.get("window_kind", "rolling") != "rolling":
        limits.setdefault("window_days", None)
    with transaction():
        terms = programmes.draft(
            programme_id, programmes.TermsDraft(named, **limits), note="", by=SOMEBODY, now=at
        )
        programmes.activate(terms, by=SOMEBODY, now=at)
    return terms


def next_version(programme_id: UUID, terms: programmes.TermsDraft, *, at: dt.datetime) -> UUID:
    """The next version of a programme's terms, in force from `at`; its id."""
    with transaction():
        id = programmes.draft(programme_id, terms, by=SOMEBODY, now=at)
        programmes.activate(id, by=SOMEBODY, now=at)
    return id


def move(customer_id: UUID, terms_id: UUID, from_at: dt.datetime, *, called_off: bool = False) -> None:
    """Have a customer's referral follow other terms from a moment on, decided the day before; or call it off again."""
    decided_at = from_at - dt.timedelta(days=1)
    referral_id = look("select id from referral where customer_id = :id", id=customer_id)
    with transaction():
        rerate_id = decided(terms_id, from_at, decided_at)
        referrals.move(
            [referral_id], terms_id, from_at, rerate_id=rerate_id, code="agreed", by=FEDOR, now=decided_at
        )
    if called_off:
        with transaction():
            referrals.stay(rerate_id, by=SOMEBODY, now=decided_at)


def decided(terms_id: UUID, from_at: dt.datetime, at: dt.datetime) -> UUID:
    """A re-rate that two people agreed on, written down without the notice that a person must keep; its id."""
    id = uuid4()
    execute(
        """insert into rerate (id, reference, programme_id, terms_id, from_at, code, note, state, proposed_by, proposed_at,
                               counted_at, decided_by, decided_at)
           select :id, 'RRT-' || :id, programme_id, id, :from_at, 'agreed', 'a test', 'approved', :one, :at, :at, :other, :at
           from terms where id = :terms_id""",
        id=id,
        terms_id=terms_id,
        from_at=from_at,
        at=at,
        one=str(FEDOR),
        other=str(FILIPP),
    )
    for deed, by in (("rerate.proposed", FEDOR), ("rerate.approved", FILIPP)):
        audit.record(deed, "rerate", id, by=by, at=at)
    return id


def agent(*, state: str = "active") -> UUID:
    """Somebody new, who has an account at a bank."""
    id = cast.agent(next(NUMBERS), state=state)
    with transaction():
        agents.update_profile(
            id, bank_member_id="100000000004", bank_name="T-Bank", by=Actor.agent(id), now=NOW
        )
    return id


def customer_agent() -> UUID:
    """An agent who is a customer of the owner. No verb makes one yet, so it is written as one would."""
    id = agent()
    with transaction():
        execute("update agent set kind = 'customer' where id = :id", id=id)
        audit.record("agent.kind_set", "agent", id, by=SOMEBODY, at=NOW)
    return id


def place() -> sa.Row[Any]:
    """A new establishment of the catalogue."""
    return cast.places(f"Place {next(NUMBERS)}")[0]


def customer_of(
    agent_id: UUID, at: dt.datetime = NOW, *, connected: bool = True, programme: str = "superapp"
) -> UUID:
    """A customer who signed up at `at` with the agent's code; `connected`: an establishment, counted for tiers."""
    signed_up = cast.sign_up(
        f"customer-{next(NUMBERS)}",
        now=max(at, NOW),
        kind="establishment" if connected else "company",
        establishment=place().reference if connected else None,
        code=cast.code_of(agent_id),
        occurred_at=at,
        programme=programme,
    )
    return signed_up.customer_id


def contested(holder: UUID, other: UUID, at: dt.datetime = NOW, *, programme: str = "superapp") -> UUID:
    """A customer whose place `holder` had booked and who signed up with the code of `other`: a case is open."""
    booked = place()
    with transaction():
        bookings.book(holder, booked.id, by=SOMEBODY, now=at - dt.timedelta(days=1))
    signed_up = cast.sign_up(
        f"customer-{next(NUMBERS)}",
        now=max(at, NOW),
        establishment=booked.reference,
        code=cast.code_of(other),
        occurred_at=at,
        programme=programme,
    )
    return signed_up.customer_id


def decide(customer_id: UUID, decision: str, *, now: dt.datetime = NOW) -> None:
    """Decide the customer's open case, and do what its job would do."""
    with transaction():
        referral_id, case_id = _case(customer_id)
        referrals.decide_case(case_id, decision, "a test", by=SOMEBODY, now=now)
    settle = commissions.settle_referral if decision == "transfer" else commissions.release_frozen
    with transaction():
        settle(referral_id, by=SOMEBODY, now=now)


def _case(customer_id: UUID) -> tuple[UUID, UUID]:
    ((referral_id, case_id),) = rows(
        """select r.id, k.id from referral r join attribution_case k on k.referral_id = r.id
           where r.customer_id = :id and k.state = 'open'""",
        id=customer_id,
    )
    return referral_id, case_id


def share(customer_id: UUID, parts: dict[UUID, int]) -> None:
    """Part a customer between agents, in basis points. No verb does that yet, so it is written as one would."""
    with transaction():
        referral_id = scalar("select id from referral where customer_id = :id", id=customer_id)
        (first, first_bps), *others = parts.items()
        execute(
            "update referral_share set agent_id = :agent, bps = :bps where referral_id = :id",
            id=referral_id,
            agent=first,
            bps=first_bps,
        )
        for agent_id, bps in others:
            execute(
                """insert into referral_share (referral_id, agent_id, bps, programme_id, connected_at)
                   select referral_id, :agent, :bps, programme_id, connected_at from referral_share
                   where referral_id = :id and agent_id = :first""",
                id=referral_id,
                agent=agent_id,
                bps=bps,
                first=first,
            )
        audit.record("referral.shared", "referral", referral_id, by=SOMEBODY, at=NOW)


def connection(customer_id: UUID) -> int:
    """The event of a customer's connection."""
    event_id: int = look(
        "select id from event where customer_id = :id and kind = 'connection'", id=customer_id
    )
    return event_id


def payment(
    customer_id: UUID, amount: int, at: dt.datetime = NOW, *, evidence: str = "bank_checked", **about: Any
) -> int:
    """The fact that a customer paid; commissions do not know of it yet."""
    return _record("payment", customer_id, at, amount, evidence=evidence, **about)


def refund(event_id: int, total: int, at: dt.datetime = NOW, *, kind: str = "refund") -> int:
    """The fact that `total` of a payment has been given back by then; commissions do not know of it yet."""
    customer_id = look("select customer_id from event where id = :id", id=event_id)
    return _record(kind, customer_id, at, total, original_event_id=event_id, refunded_total=total)


def cancellation(customer_id: UUID, at: dt.datetime = NOW, *, of: int | None = None) -> int:
    """The fact that a customer cancelled, everything or what one payment paid for; commissions do not know of it yet."""
    return _record("cancellation", customer_id, at, None, original_event_id=of)


def _record(
    kind: str,
    customer_id: UUID,
    at: dt.datetime,
    amount: int | None,
    *,
    evidence: str = "bank_checked",
    **about: Any,
) -> int:
    event = NewEvent(
        "tests",
        str(uuid4()),
        kind,
        customer_id,
        at,
        evidence,
        amount=amount,
        currency="RUB" if amount else None,
        **about,
    )
    with transaction():
        (event_id,) = integrations.record_events([event])
    assert event_id is not None
    return event_id


def accrue(*event_ids: int, now: dt.datetime = NOW) -> int:
    """How many lines these events made."""
    with transaction():
        return commissions.accrue(event_ids, by=SOMEBODY, now=now)


def paid(customer_id: UUID, amount: int, at: dt.datetime = NOW) -> int:
    """A customer paid, and commissions know of it."""
    event_id = payment(customer_id, amount, at)
    accrue(event_id)
    return event_id


def refunded(event_id: int, total: int, at: dt.datetime = NOW) -> int:
    """`total` of a payment has been given back by then, and commissions know of it."""
    refund_id = refund(event_id, total, at)
    accrue(refund_id)
    return refund_id


def mature(now: dt.datetime = LATER) -> int:
    """Let holds pass; how many accruals that made available."""
    with transaction():
        return commissions.mature(by=SOMEBODY, now=now)


def settle_bonuses(now: dt.datetime = LATER) -> int:
    """Look at bonuses that wait for a condition; how many were let go or ended."""
    with transaction():
        return commissions.settle_bonuses(by=SOMEBODY, now=now)


def pay_out(agent_id: UUID, now: dt.datetime = LATER) -> str:
    """Pay an agent all that is available; the bank's answers are recorded as the worker would. The reference."""
    payout = approved_payout(agent_id, now)
    send(payout.id, now)
    return str(payout.reference)


def approved_payout(agent_id: UUID, now: dt.datetime = LATER) -> sa.Row[Any]:
    with transaction():
        run = payouts.prepare_run("RUB", agent_ids=[agent_id], by=FEDOR, now=now)
    with transaction():
        payouts.approve_run(run, by=FILIPP, now=now)
    (payout,) = payouts.search(run=run).page().rows
    db.session.rollback()
    return payout


def send(payout_id: UUID, now: dt.datetime = LATER) -> None:
    """Have an approved payout checked and paid."""
    with transaction():
        check = checks.begin_check(payout_id, by=SOMEBODY, now=now)
        assert check is not None
        checks.record_check(
            payout_id,
            check.attempt_id,
            status=PayoutStatus.CHECKED,
            provider_payment_id=str(next(NUMBERS)),
            recipient_name=None,
            by=SOMEBODY,
            now=now,
        )
    with transaction():
        step = transfers.begin_pay(payout_id, by=SOMEBODY, now=now)
        assert step is not None
        transfers.record_state(
            payout_id, step.attempt_id, status=PayoutStatus.COMPLETED, by=SOMEBODY, now=now
        )


def look(sql: str, **params: Any) -> Any:
    """One value, without leaving a transaction open."""
    found = scalar(sql, **params)
    db.session.rollback()
    return found


def lines(event_id: int, agent_id: UUID | None = None) -> list[tuple[str, int]]:
    """What was booked for a payment, in order: (kind, amount)."""
    found = rows(
        """select kind, amount from commission
           where event_id = :id and (cast(:agent as uuid) is null or agent_id = :agent) order by id""",
        id=event_id,
        agent=agent_id,
    )
    db.session.rollback()
    return [(kind, amount) for kind, amount in found]


def net(event_id: int, agent_id: UUID | None = None) -> int:
    """What a payment has earned an agent (or all), after corrections."""
    return sum(amount for _, amount in lines(event_id, agent_id))


def nets(agent_ids: Iterable[UUID]) -> dict[tuple[int, UUID], int]:
    """The same for every payment of these agents."""
    found = rows(
        """select event_id, agent_id, sum(amount)::bigint from commission where agent_id = any(:ids)
           group by event_id, agent_id""",
        ids=list(agent_ids),
    )
    db.session.rollback()
    return {(event_id, agent_id): total for event_id, agent_id, total in found}


def commission(event_id: int, agent_id: UUID | None = None) -> sa.Row[Any]:
    """The accrual of a payment in its present state."""
    id = look(
        """select id from commission where event_id = :event and kind = 'accrual'
             and (cast(:agent as uuid) is null or agent_id = :agent)""",
        event=event_id,
        agent=agent_id,
    )
    found = commissions.find(id)
    db.session.rollback()
    return found


def balance(agent_id: UUID) -> dict[str, int]:
    """What the books hold for an agent, by account; only what is not zero."""
    found = ledger.balances([agent_id], "RUB")[agent_id]
    db.session.rollback()
    return {account: amount for account, amount in found.items() if amount}


def broken() -> list[str]:
    """Every row that breaks an invariant, each with the number of the law."""
    found = [f"{finding.number}: {bad}" for finding in examine() for bad in finding.bad]
    db.session.rollback()
    return found
