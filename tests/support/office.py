"""A day at the office: something of every noun, made by the same verbs as in life, for tests of pages."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask

from erp.domain import (
    backtests,
    bookings,
    commissions,
    disputes,
    integrations,
    ledger,
    payments,
    payouts,
    programmes,
    staff,
)
from erp.domain.ledger import Line
from erp.jobs import backtests as replaying
from erp.jobs import statements as sealing
from erp.kernel import audit, bulk, clock, ids, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, rows, scalar
from erp.kernel.transaction import release, transaction
from tests.support import cast, cluster

TESTS = Actor.system("tests")
PREPARED_BY = Actor.staff(UUID(int=1))
T_BANK = "100000000004"


@dataclass(frozen=True)
class Office:
    """References of what there is to look at; the ids are those of rows without a reference."""

    place: str
    free_place: str
    booking: str
    agent: str
    other_agent: str
    referral: str
    customer: str
    case: str
    dispute: str
    reversal: str
    upheld: str
    programme: str
    payment: str
    puzzling_payment: str
    commission: int
    run: str
    payout: str
    audit_entry: int
    job: int
    api_key: UUID
    colleague: str
    chosen: UUID
    statement: str
    back_test: str
    running_back_test: str
    rerate: str
    failed_back_test: str
    other_back_test: str
    settlement: str
    write_off: str
    debtor: str
    month: str

    def within(self, key: str) -> str:
        """An address under which the list with this key can be asked for its own: some lie within another thing."""
        of_back_tests = f"/back-tests/{self.back_test}/agents"
        return {
            "backtest_agents": of_back_tests,
            "backtest_lines": f"{of_back_tests}/{self.agent}",
            "rerate_agents": f"/rerates/{self.rerate}/agents",
        }.get(key, f"/agents/{self.agent}/ledger")

    @property
    def pages(self) -> list[str]:
        """One page of each noun that shows one thing."""
        return [
            f"/establishments/{self.place}",
            f"/establishments/{self.free_place}",
            f"/bookings/{self.booking}",
            f"/agents/{self.agent}",
            f"/agents/{self.agent}/ledger",
            f"/agents/{self.agent}/closure",
            f"/statements/{self.statement}",
            f"/statements/open/{self.agent}",
            f"/referrals/{self.referral}",
            f"/customers/{self.customer}",
            f"/cases/{self.case}",
            f"/reversals/{self.reversal}",
            f"/reversals/new/{self.commission}",
            f"/disputes/{self.dispute}",
            f"/disputes/{self.upheld}",
            "/disputes/new",
            f"/programmes/{self.programme}",
            f"/programmes/{self.programme}/terms/1",
            f"/programmes/{self.programme}/terms/2",
            f"/programmes/{self.programme}/terms/2/edit",
            f"/programmes/{self.programme}/terms/new",
            f"/programmes/{self.programme}/terms/compare",
            f"/payments/{self.payment}",
            f"/payments/{self.puzzling_payment}",
            f"/commissions/{self.commission}",
            f"/freezes/commissions/{self.commission}",
            f"/freezes/agents/{self.other_agent}",
            f"/freezes/referrals/{self.referral}",
            f"/payout-runs/{self.run}",
            f"/payout-runs/{self.run}/sheet",
            f"/payouts/{self.payout}",
            f"/payouts/{self.payout}?tab=history",
            f"/agents/{self.agent}?tab=history&order=oldest",
            f"/audit/{self.audit_entry}",
            f"/jobs/{self.job}",
            f"/api-keys/{self.api_key}",
            f"/staff/{self.colleague}",
            f"/bulk/{self.chosen}",
            f"/rerates/new?programme={self.programme}",
            f"/rerates/{self.rerate}",
            f"/rerates/{self.rerate}/agents",
            "/back-tests/new",
            f"/back-tests/{self.back_test}",
            f"/back-tests/{self.back_test}?version=2",
            f"/back-tests/{self.back_test}/agents",
            f"/back-tests/{self.back_test}/agents/{self.agent}",
            f"/back-tests/{self.running_back_test}",
            f"/back-tests/{self.failed_back_test}",
            f"/back-tests/comparison?test={self.back_test}&test={self.other_back_test}",
            "/help/agents.show",
            "/ledger/months",
            f"/ledger/months/{self.month}",
            f"/settlements/{self.settlement}",
            "/settlements/new",
            f"/write-offs/{self.write_off}",
            f"/write-offs/new/{self.debtor}",
        ]


@pytest.fixture(scope="session")
def opened(application: Flask, database_name: str) -> tuple[str, Office]:
    """The office, opened once for all tests of this process, and the database that keeps it: each gets a copy."""
    kept = f"{database_name}_office"
    with application.app_context():
        db.engine.dispose()
        cluster.renew(database_name)
        office = open_office()
        outbox.handed_over()
        db.engine.dispose()
    cluster.renew(kept, database_name)
    return kept, office


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> str:
    """The office's database, for whoever asks for the office."""
    if "office" not in request.fixturenames:
        return cluster.TEMPLATE
    kept, _office = request.getfixturevalue("opened")
    return kept


def open_office() -> Office:
    """Alice brings a cafe that pays, gets half of it back, and is to be paid out; Bob's code contests another."""
    now = clock.now()
    cast.programme(now=now)
    alice, bob = _agents(now)
    statement = _statement(bob)
    aino, koti, kide = cast.places("Cafe Aino", "Ravintola Koti", "Salon Kide")
    _book(alice, aino.reference, now)
    brought = cast.sign_up("shop-1", establishment=aino.reference, code=cast.code_of(alice), now=now)
    _book(alice, koti.reference, now)
    contested = cast.sign_up("shop-2", establishment=koti.reference, code=cast.code_of(bob), now=now)
    paid = pay("shop-1", "order-1", 300_000, now)
    pay("shop-2", "order-2", 90_000, now)
    puzzling = pay("shop-1", "order-3", 50_000, now, received=49_000)
    with transaction():
        payments.attest_refunded_total(paid, total=100_000, note="cabinet", by=TESTS, now=now)
        commissions.accrue(
            [event for (event,) in rows("select id from event order by id")], by=TESTS, now=now
        )
    with transaction():
        commissions.mature(by=TESTS, now=now + dt.timedelta(days=15))
    with transaction():
        run = payouts.prepare_run("RUB", note="A test", by=PREPARED_BY, now=now)
        staff.add("olga@example.test", "Ольга Власова", "correct horse", ["support"], by=TESTS, now=now)
        key, _secret = integrations.issue_key("SuperApp", by=TESTS, now=now)
        _draft_terms(now)
    settlement, write_off = _books(bob, now)
    return Office(
        settlement=settlement,
        write_off=write_off,
        debtor=_one("select reference from agent where id = :id", id=bob),
        month=f"{now.astimezone(ledger.ZONE):%Y-%m}",
        place=aino.reference,
        free_place=kide.reference,
        booking=_book(bob, kide.reference, now),
        agent=_one("select reference from agent where id = :id", id=alice),
        other_agent=_one("select reference from agent where id = :id", id=bob),
        referral=str(brought.referral),
        customer=brought.customer,
        case=str(contested.case),
        dispute=_disputed(alice, now),
        reversal=_reversal(now),
        upheld=_upheld(bob, now),
        programme=_one("select reference from programme"),
        payment=paid,
        puzzling_payment=puzzling,
        commission=_one("select min(id) from commission"),
        run=run,
        payout=_one("select reference from payout"),
        audit_entry=_one("select max(id) from audit_entry"),
        job=_failed_job(),
        api_key=key,
        colleague=_one("select reference from staff where email = 'olga@example.test'"),
        chosen=_chosen(now),
        statement=statement,
        back_test=_back_test(now, is_over=True),
        running_back_test=_back_test(now, is_over=False),
        rerate=_rerate(now),
        failed_back_test=_failed_back_test(now),
        other_back_test=_back_test(now, is_over=True),
    )


def _back_test(now: dt.datetime, *, is_over: bool) -> str:
    """Both versions of the terms against all that has happened."""
    with transaction():
        programme_id = scalar("select id from programme")
        reference = backtests.ask(programme_id, [1, 2], note="Kinder", by=PREPARED_BY, now=now)
    if is_over:
        replaying.run([str(_one("select id from back_test where reference = :ref", ref=reference))])
    return reference


def _rerate(now: dt.datetime) -> str:
    """One that waits for a second person, to the terms that the referrals have: there is no other version in force."""
    id = ids.uuid7()
    with transaction():
        execute(
            """insert into rerate (id, reference, programme_id, terms_id, from_at, code, note, proposed_by, proposed_at,
                                   counted_at)
               select :id, 'RRT-7K3M9QXD', programme_id, id, cast(:now as timestamptz) + interval '20 days', 'agreed',
                      'Kinder', :by, :now, :now
               from terms where version = 1""",
            id=id,
            by=str(PREPARED_BY),
            now=now,
        )
        execute(
            """insert into rerate_referral (rerate_id, referral_id, terms_id)
               select :id, r.id, r.terms_id from referral r""",
            id=id,
        )
        execute(
            """insert into rerate_agent (rerate_id, agent_id, referrals, earned, would_earn, elsewhere)
               select :id, agent_id, 1, 100, case when row_number() over () = 1 then 50 else 250 end, 0
               from (select distinct agent_id from referral_share) s""",
            id=id,
        )
        audit.record("rerate.proposed", "rerate", id, by=PREPARED_BY, at=now)
    return "RRT-7K3M9QXD"


def _failed_back_test(now: dt.datetime) -> str:
    """One whose worker failed as often as it is tried."""
    reference = _back_test(now, is_over=False)
    with transaction():
        execute(
            """update outbox set attempts = 12, given_up_at = clock_timestamp(),
                      last_error = 'OperationalError in execute, line 1'
               where subject = (select id::text from back_test where reference = :reference)""",
            reference=reference,
        )
    return reference


def _disputed(agent: UUID, now: dt.datetime) -> str:
    """An amount that an agent says is wrong, with an answer."""
    line = _one("select min(id) from commission")
    with transaction():
        about = disputes.About(commission=line)
        made = disputes.open_dispute(
            agent, "wrong", "Superapp: 7 %", about, expected=15_000, by=Actor.agent(agent), now=now
        )
        disputes.write(disputes.find(made).id, "cabinet?", by=TESTS, now=now)
    return made


def _reversal(now: dt.datetime) -> str:
    """One that waits for a second person."""
    line = _one("select min(id) from commission")
    with transaction():
        commissions.change_reversal_limit("RUB", 1_000, by=TESTS, now=now)
        asked = commissions.ask_reversal(
            line, amount=2_000, code="agreed", note="Kinder", by=PREPARED_BY, now=now
        )
    return asked.reference


def _upheld(agent: UUID, now: dt.datetime) -> str:
    """One that was decided for the agent, and that nothing has mended yet."""
    with transaction():
        made = disputes.open_dispute(
            agent, "missing", "Kinder", disputes.About(), by=Actor.agent(agent), now=now
        )
        disputes.decide(disputes.find(made).id, "uphold", "late_fact", "Kinder!", by=TESTS, now=now)
    return made


def _books(agent: UUID, now: dt.datetime) -> tuple[str, str]:
    """A settlement, and a debt of an agent that somebody asked to write off."""
    with transaction():
        settlement = payments.record_settlement(
            50_000, statement_number="4711", settled_at=now, by=PREPARED_BY, now=now
        )
        line = ledger.Line("reversal", "a test", agent, "available", "expense", 12_000, "RUB", now)
        ledger.post([line], by=TESTS)
        write_off = ledger.ask_write_off(
            agent,
            amount=12_000,
            currency="RUB",
            reason="uncollectable",
            note="A test",
            by=PREPARED_BY,
            now=now,
        )
    return settlement, write_off


def _statement(agent: UUID) -> str:
    """The month before is over and sealed; in it the agent was given something by mistake. The clock goes back for that,
    which only somebody with every right can do."""
    name = urlsplit(os.environ["DATABASE_URL"]).path.removeprefix("/")
    back = "update mock_clock set clock_offset = clock_offset - interval '32 days'"
    given = {"reference": "700000:confirmed", "agent_id": agent, "amount": 100, "currency": "RUB"}
    with cluster.superuser(name) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(back)
        then = clock.now()
        with transaction():
            ledger.post(
                [
                    Line("accrual", debit="expense", credit="pending", occurred_at=then, **given),
                    Line("reversal", debit="pending", credit="expense", occurred_at=then, **given),
                ],
                by=TESTS,
            )
        superuser.execute(back.replace("-", "+"))
    sealing.seal()
    release()
    return _one("select reference from statement")


def _chosen(now: dt.datetime) -> UUID:
    """Both agents, chosen by somebody for a deed that is not confirmed."""
    agents = [(str(id), reference) for id, reference in rows("select id, reference from agent order by id")]
    with transaction():
        return bulk.lay_down(
            "agents",
            "suspend",
            "erp.domain.agents.suspend",
            agents,
            origin="/agents",
            by=PREPARED_BY,
            now=now,
        )


def _agents(now: dt.datetime) -> tuple[UUID, UUID]:
    alice = cast.agent(1, name="Alice Ivanova", now=now)
    bob = cast.agent(2, name="Bob Petrov", now=now)
    give_bank(alice, now)
    return alice, bob


def give_bank(agent: UUID, now: dt.datetime) -> None:
    """Let an agent be paid."""
    with transaction():
        execute(
            "update agent set bank_member_id = :member, bank_name = 'T-Bank' where id = :id",
            member=T_BANK,
            id=agent,
        )
        audit.record("agent.profile_changed", "agent", agent, by=TESTS, at=now)


def _book(agent: UUID, place: str, now: dt.datetime) -> str:
    with transaction():
        reference: str = bookings.book(agent, place, by=TESTS, now=now).reference
    return reference


def pay(customer: str, order: str, amount: int, now: dt.datetime, received: int | None = None) -> str:
    """A payment that the bank has confirmed; with another amount than asked, when `received` says so."""
    with transaction():
        given = {"amount": amount, "currency": "RUB", "description": "A month of SuperApp"}
        reference = payments.place_order(customer, external_id=order, by=TESTS, now=now, **given)
        step = payments.begin_init(reference, by=TESTS, now=now)
        assert step is not None
        number = str(scalar("select count(*) from payment") + 7000)
        payments.record_init(
            step.payment_id, provider_payment_id=number, payment_url="https://bank.test/", by=TESTS, now=now
        )
        payments.apply_state(
            step.payment_id,
            status="CONFIRMED",
            amount=received or amount,
            bank_order_id=step.bank_order_id,
            by=TESTS,
            now=now,
        )
        found: str = scalar("select reference from payment where id = :id", id=step.payment_id)
    return found


def _draft_terms(now: dt.datetime) -> None:
    tiers = [programmes.TierRow("Bronze", 0, 600), programmes.TierRow("Gold", 5, 900)]
    programme_id = scalar("select id from programme")
    programmes.draft(
        programme_id, programmes.TermsDraft(tiers, hold_days=7), note="Kinder", by=TESTS, now=now
    )


def _failed_job() -> int:
    """A job that was given up."""
    with transaction():
        outbox.enqueue("erp.jobs.payments.follow", "nothing", delay=3600)
    with transaction():
        id: int = scalar(
            """update outbox set attempts = 12, last_error = 'KeyError in follow, line 9', given_up_at = now()
               where subject = 'nothing' returning id"""
        )
    return id


def _one(sql: str, **params: object) -> Any:
    found = scalar(sql, **params)
    release()
    return found
