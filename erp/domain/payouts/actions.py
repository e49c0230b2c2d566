"""Verbs of finance: prepare a run, approve it by a second person, withdraw, retry, and take back what came back."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import commissions, ledger
from erp.domain.payouts import moves, queries, rules
from erp.domain.payouts.news import EXECUTE
from erp.domain.payouts.queries import Candidate
from erp.domain.payouts.refusals import (
    BalanceChanged,
    IllegalMove,
    NotADraft,
    NothingToPay,
    PayoutOpen,
    SamePerson,
)
from erp.domain.payouts.rules import RunState, State
from erp.domain.payouts.taxes import taxes_of
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, rows, violated
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.outbox import enqueue, enqueue_many
from erp.kernel.sentences import Sentence


def prepare_run(
    currency: str,
    *,
    agent_ids: Iterable[UUID] | None = None,
    note: str = "",
    by: Actor,
    now: dt.datetime,
) -> str:
    """Draft a run that pays every agent who can be paid (of `agent_ids`, if given) all that is available.

    The run's reference. Nothing is set aside yet. Raises `NothingToPay`, and `PayoutOpen` when somebody else was
    preparing for the same agents.
    """
    if currency != rules.CURRENCY:
        raise Invalid(fields={"currency": Sentence("The bank pays out roubles (RUB) only.")})
    found = queries.candidates(currency, agent_ids)
    ledger.lock([candidate.agent_id for candidate in found], currency)
    payable = [
        candidate
        for candidate in queries.candidates(currency, [candidate.agent_id for candidate in found])
        if candidate.reason is None
    ]
    if not payable:
        raise NothingToPay
    run_id, reference = ids.uuid7(), ids.reference("RUN")
    execute(
        """insert into payout_run (id, reference, currency, note, prepared_by, prepared_at)
           values (:id, :reference, :currency, :note, :by, :now)""",
        id=run_id,
        reference=reference,
        currency=currency,
        note=note.strip(),
        by=str(by),
        now=now,
    )
    _add_payouts(run_id, currency, payable, now)
    total = sum(candidate.payable for candidate in payable)
    details = {"payouts": len(payable), "amount": total, "currency": currency}
    audit.record("payout_run.prepared", "payout_run", run_id, by=by, at=now, details=details)
    return reference


def _add_payouts(run_id: UUID, currency: str, payable: Sequence[Candidate], now: dt.datetime) -> None:
    payout_ids = [ids.uuid7() for _ in payable]
    taxes = [taxes_of(candidate.kind, candidate.payable) for candidate in payable]
    try:
        with db.session.begin_nested():
            execute(
                """insert into payout (id, reference, run_id, agent_id, amount, tax_withheld, contributions, currency,
                                       state_at, prepared_at, bank_member_id, bank_name, phone_cipher)
                   select p.id, p.reference, :run_id, a.id, p.amount, p.withheld, p.contributions, :currency,
                          :now, :now, a.bank_member_id, a.bank_name, a.phone_cipher
                   from unnest(cast(:ids as uuid[]), cast(:references as text[]), cast(:agents as uuid[]),
                               cast(:amounts as bigint[]), cast(:withheld as bigint[]),
                               cast(:contributions as bigint[]))
                        as p(id, reference, agent_id, amount, withheld, contributions)
                   join agent a on a.id = p.agent_id""",
                run_id=run_id,
                currency=currency,
                now=now,
                ids=payout_ids,
                references=[ids.reference("PO") for _ in payable],
                agents=[candidate.agent_id for candidate in payable],
                amounts=[candidate.payable for candidate in payable],
                withheld=[of_one.withheld for of_one in taxes],
                contributions=[of_one.contributions for of_one in taxes],
            )
    except IntegrityError as clash:
        if violated(clash) != "one_open_payout_per_agent":
            raise
        raise PayoutOpen from clash
    lines = [
        (payout_id, *line)
        for payout_id, candidate in zip(payout_ids, payable, strict=True)
        for line in rules.fill(candidate.payable, candidate.opens)
    ]
    execute(
        """insert into payout_line (payout_id, commission_id, amount)
           select * from unnest(cast(:payouts as uuid[]), cast(:commissions as bigint[]), cast(:amounts as bigint[]))""",
        payouts=[line[0] for line in lines],
        commissions=[line[1] for line in lines],
        amounts=[line[2] for line in lines],
    )


def approve_run(reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Set the money of a run aside and hand its payouts to the workers.

    Raises `NotFound`, `NotADraft`, `SamePerson`, `NothingToPay` when all its payouts were withdrawn, and
    `BalanceChanged` naming those that no longer fit.
    """
    run = _draft(reference)
    if str(by) == run.prepared_by:
        raise SamePerson
    payouts = rows(
        "select id, reference, agent_id, amount, currency from payout where run_id = :id and state = 'prepared'",
        id=run.id,
    )
    if not payouts:
        raise NothingToPay(Sentence("Every payout of this run was withdrawn. Cancel it."))
    _still_fit(payouts, run.currency)
    execute(
        "update payout set state = 'approved', state_at = :now where run_id = :id and state = 'prepared'",
        id=run.id,
        now=now,
    )
    execute(
        "update payout_run set state = 'approved', approved_by = :by, approved_at = :now where id = :id",
        id=run.id,
        by=str(by),
        now=now,
    )
    ledger.post([moves.set_aside(payout, now) for payout in payouts], by=by)
    details = {"payouts": len(payouts), "amount": sum(payout.amount for payout in payouts)}
    audit.record("payout_run.approved", "payout_run", run.id, by=by, at=now, details=details)
    enqueue_many(EXECUTE, [payout.id for payout in payouts])


def _still_fit(payouts: Sequence[sa.Row[Any]], currency: str) -> None:
    """Hold the agents' accounts, and make sure that each amount is still theirs to have."""
    agent_ids = [payout.agent_id for payout in payouts]
    ledger.lock(agent_ids, currency)
    balances = ledger.balances(agent_ids, currency)
    opens: dict[int, int] = defaultdict(
        int, {found.commission_id: found.open for found in commissions.open_amounts(agent_ids, currency)}
    )
    payable = {
        id
        for (id,) in rows(
            f"select a.id from agent a where a.id = any(:ids) and {rules.MAY_BE_PAID}", ids=agent_ids
        )
    }
    too_much = {
        payout_id
        for payout_id, commission_id, amount in rows(
            "select payout_id, commission_id, amount from payout_line where payout_id = any(:ids)",
            ids=[payout.id for payout in payouts],
        )
        if amount > opens[commission_id]
    }
    problems = {
        payout.reference: why.about(payout=payout.reference)
        for payout in payouts
        for applies, why in [
            (payout.agent_id not in payable, Sentence("%(payout)s: the agent is not active")),
            (
                balances[payout.agent_id]["available"] < payout.amount,
                Sentence("%(payout)s: less is available now"),
            ),
            (
                payout.id in too_much,
                Sentence(
                    "%(payout)s: a commission in it was reversed, frozen, or is being paid by another payout"
                ),
            ),
        ]
        if applies
    }
    if problems:
        said = Sentence("%(why)s %(which)s.", why=BalanceChanged.sentence, which=list(problems.values()))
        raise BalanceChanged(said, payouts=list(problems))


def cancel_run(reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Give a draft up; its agents can be in another run. Raises `NotFound`, `NotADraft`."""
    run = _draft(reference)
    execute(
        "update payout set state = 'withdrawn', state_at = :now where run_id = :id and state = 'prepared'",
        id=run.id,
        now=now,
    )
    execute("update payout_run set state = 'cancelled', ended_at = :now where id = :id", id=run.id, now=now)
    audit.record("payout_run.cancelled", "payout_run", run.id, by=by, at=now)


def withdraw(payout_reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Take one agent out of a draft. Raises `NotFound`, `NotADraft`."""
    run_reference = row(
        "select r.reference from payout p join payout_run r on r.id = p.run_id where p.reference = :reference",
        reference=payout_reference,
    )
    if run_reference is None:
        raise NotFound
    _draft(run_reference.reference)
    payout = moves.locked_by_reference(payout_reference)
    moves.to(payout, State.WITHDRAWN, now=now)
    audit.record("payout.withdrawn", "payout", payout.id, by=by, at=now)


def retry(payout_reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Try a failed payout once more, to the phone and bank the agent has now. A person decides this, never a job.

    The bank has given every earlier attempt a final answer by then. Raises `NotFound`, `IllegalMove`,
    `PayoutOpen`, and `BalanceChanged` when the money has been spent otherwise.
    """
    payout = moves.locked_by_reference(payout_reference)
    if payout.state != State.FAILED:
        raise IllegalMove
    _still_fit([payout], payout.currency)
    try:
        with db.session.begin_nested():
            execute(
                """update payout p set state = 'approved', state_at = :now, failure_code = null, failure_note = null,
                          phone_cipher = a.phone_cipher, bank_member_id = coalesce(a.bank_member_id, p.bank_member_id),
                          bank_name = coalesce(a.bank_name, p.bank_name)
                   from agent a where a.id = p.agent_id and p.id = :id and p.state = 'failed'""",
                id=payout.id,
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "one_open_payout_per_agent":
            raise
        raise PayoutOpen from clash
    ledger.post([moves.set_aside(payout, now)], by=by)
    execute("update payout_run set state = 'executing', ended_at = null where id = :id", id=payout.run_id)
    audit.record("payout.retried", "payout", payout.id, by=by, at=now)
    enqueue(EXECUTE, payout.id)


def take_back(payout_reference: str, *, note: str, by: Actor, now: dt.datetime) -> None:
    """The bank brought a paid transfer back (seen in its statement): the money is available to the agent again.

    Raises `NotFound`, `IllegalMove`.
    """
    if not note.strip():
        raise Invalid(fields={"note": Sentence("Say where the return was seen.")})
    payout = moves.locked_by_reference(payout_reference)
    moves.to(payout, State.RETURNED, code="returned", note=note.strip(), now=now)
    moves.come_back(payout, by=by, now=now)
    audit.record("payout.returned", "payout", payout.id, by=by, at=now, details={"note": note.strip()})


def poll_open(*, now: dt.datetime, limit: int = 500) -> int:
    """Have every payout looked at that has not ended, has rested for a minute, and that no job waits for."""
    resting = rows(
        """select p.id, p.state from payout p
           where p.state in ('approved', 'checking', 'checked', 'paying', 'unknown')
             and p.state_at < cast(:now as timestamptz) - make_interval(secs => :seconds)
             and not exists (select 1 from outbox o where o.subject = p.id::text and o.given_up_at is null
                               and o.job like 'erp.jobs.payouts.%')
           order by p.state_at limit :limit""",
        now=now,
        seconds=rules.ASK_AFTER_SECONDS,
        limit=limit,
    )
    enqueue_many(EXECUTE, [id for id, _ in resting])
    return len(resting)


def _draft(reference: str) -> sa.Row[Any]:
    """The run, held until the transaction ends."""
    run = row(
        "select id, state, currency, prepared_by from payout_run where reference = :reference for update",
        reference=reference,
    )
    if run is None:
        raise NotFound
    if run.state != RunState.DRAFT:
        raise NotADraft
    return run
