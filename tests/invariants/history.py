"""A small history in which everything that the invariants speak of has happened, made by the verbs of the domain."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from erp.domain import (
    agents,
    backtests,
    bookings,
    commissions,
    disputes,
    integrations,
    ledger,
    payments,
    payouts,
    rerates,
    staff,
)
from erp.domain.payments import actions, refunds
from erp.domain.payouts import checks
from erp.jobs import backtests as replaying
from erp.jobs import statements as sealing
from erp.kernel import clock
from erp.kernel.db import db, rows, scalar
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY
from tests.support.earnings import (
    FEDOR,
    FILIPP,
    LATER,
    NUMBERS,
    accrue,
    agent,
    commission,
    connection,
    contested,
    customer_of,
    days,
    decide,
    look,
    mature,
    move,
    new_terms,
    paid,
    pay_out,
    place,
    programme,
    refunded,
    share,
)

PASSWORD = "correct horse battery"


def happen() -> None:
    """Every kind of row, state and deed, at least once; sound to the last kopeck."""
    _people()
    superapp = programme((0, 1000), (2, 1200), (4, 1500), monthly_cap=60_000)
    alice, bob = agent(), agent()
    _bookings(alice)
    shop = customer_of(alice, days(-30))
    paid(shop, 300_000, days(-25))
    refunded(paid(shop, 200_000, days(-20)), 50_000)
    accrue(connection(customer_of(alice, days(-28))))
    shared = customer_of(alice, days(-30), connected=False)
    share(shared, {alice: 7_000, bob: 3_000})
    paid(shared, 999_999, days(-18))
    _cases(alice, bob)
    _bank(shop)
    _suspended()
    _closed()
    _frozen_by_hand()
    _reversed_by_hand()
    _disputed()
    _moved(alice, new_terms(superapp, (0, 500), at=days(-5)))
    owing = agent()
    taken_back = paid(customer_of(owing, days(-30), connected=False), 100_000, days(-25))
    mature(days(1))
    _payouts(alice, bob)
    refunded(paid(shop, 90_000, days(2)), 90_000)
    _books()
    pay_out(owing)
    refunded(taken_back, 100_000, days(3))
    _write_offs(owing)
    _closing()
    _statements(shop)
    _back_test(superapp)
    db.session.remove()


def _books() -> None:
    """What the acquirer charged back and gave again, and what it settled, once by mistake."""
    payment = look("select reference from payment")
    with transaction():
        for verb in (payments.record_chargeback, payments.reverse_chargeback):
            verb(payment, amount=5_000, registry_number="R-1", happened_at=NOW, by=FEDOR, now=NOW)
        for number in ("S-1", "S-2"):
            settled = payments.record_settlement(
                10_000, statement_number=number, settled_at=NOW, by=FEDOR, now=NOW
            )
        payments.void_settlement(settled, reason="a test", by=FEDOR, now=NOW)
    accrue(*[id for (id,) in rows("select id from event where kind like 'chargeback%'")])


def _write_offs(debtor: UUID) -> None:
    debt = ledger.debt_of(debtor, "RUB")
    with transaction():
        for amount in (debt, debt - 1):
            asked = ledger.ask_write_off(
                debtor,
                amount=amount,
                currency="RUB",
                reason="uncollectable",
                note="a test",
                by=FEDOR,
                now=LATER,
            )
            if amount == debt:
                ledger.refuse_write_off(asked, note="a test", by=FILIPP, now=LATER)
        ledger.approve_write_off(asked, by=FILIPP, now=LATER)


def _closing() -> None:
    month = ledger.next_month()
    assert month is not None
    with transaction():
        clock.move(ledger.ends_of(month), by=SOMEBODY)
    with transaction():
        withdrawn = ledger.propose_closing(month, by=FEDOR, now=clock.now())
        ledger.withdraw_closing(withdrawn, by=FEDOR, now=clock.now())
        closing = ledger.propose_closing(month, by=FEDOR, now=clock.now())
    with transaction():
        ledger.approve_closing(closing, by=FILIPP, now=clock.now())


def _people() -> None:
    with transaction():
        carol = staff.add("carol@example.com", "Carol", PASSWORD, ["admin"], by=SOMEBODY, now=NOW)
        staff.save_view(carol, "agents", "Silent", "group=silent", by=SOMEBODY, now=NOW)
        leaving = staff.add("dave@example.com", "Dave", PASSWORD, ["support"], by=SOMEBODY, now=NOW)
        staff.deactivate(leaving, by=SOMEBODY, now=NOW)
        key, _ = integrations.issue_key("Product", by=SOMEBODY, now=NOW)
        integrations.revoke_key(key, by=SOMEBODY, now=NOW)
    agent(state="closed")


def _bookings(agent_id: UUID) -> None:
    """One of each ending, and one that is open."""
    booked = []
    for _ in range(4):
        where = place().id
        with transaction():
            booked.append(bookings.book(agent_id, where, by=SOMEBODY, now=days(-10)).id)
    released, lost, _, extended = booked
    with transaction():
        bookings.release(released, by=SOMEBODY, now=days(-9))
        bookings.move_stage(lost, "lost", by=SOMEBODY, now=days(-9))
        bookings.extend(extended, "a test", by=SOMEBODY, now=days(-9))
        bookings.expire_overdue(now=days(10), limit=10)


def _cases(alice: UUID, bob: UUID) -> None:
    """One that is open, one that was upheld, one that was transferred; each with something earned."""
    for decision in (None, "uphold", "transfer"):
        customer = contested(alice, bob, days(-15))
        paid(customer, 50_000, days(-12))
        if decision:
            decide(customer, decision)


def _moved(agent_id: UUID, terms_id: UUID) -> None:
    """A customer's referral that was moved to other terms, with payments before and after it."""
    customer = customer_of(agent_id, days(-7), connected=False)
    move(customer, terms_id, days(-3))
    for day in (-4, -2):
        paid(customer, 40_000, days(day))
    programme_id = look("select programme_id from terms where id = :id", id=terms_id)
    for end in (rerates.refuse, rerates.withdraw):
        with transaction():
            asked = rerates.propose(
                rerates.Choice(programme_id),
                days(60).date(),
                code="agreed",
                note="a test",
                by=FEDOR,
                now=NOW,
            )
            given = ("a test",) if end is rerates.refuse else ()
            end(asked, *given, by=FILIPP, now=NOW)


def _suspended() -> None:
    """Somebody whose lines are frozen, and somebody whose suspension was lifted."""
    for lifted in (False, True):
        id = agent()
        customer = customer_of(id, days(-8))
        with transaction():
            agents.suspend(id, "a test", by=SOMEBODY, now=NOW)
        paid(customer, 70_000, days(-7))
        if lifted:
            with transaction():
                agents.activate(id, by=SOMEBODY, now=NOW)
            with transaction():
                commissions.release_frozen_of_agent(id, by=SOMEBODY, now=NOW)


def _closed() -> None:
    """Somebody whose commission was forfeited, a refund having come after it, and somebody with whom all was settled."""
    programme((0, 500), key="harsh", on_agent_closed="forfeit")
    for key in ("harsh", "superapp"):
        id = agent()
        customer = customer_of(id, days(-8), connected=False, programme=key)
        with transaction():
            agents.close(id, by=SOMEBODY, now=NOW)
        event = paid(customer, 70_000, days(-7))
        with transaction():
            commissions.forfeit_of_closed(by=SOMEBODY, now=NOW)
        refunded(event, 10_000)
        if key == "superapp":
            with transaction():
                commissions.settle_with_closed(id, "a test", by=SOMEBODY, now=NOW)


def _frozen_by_hand() -> None:
    """Lines that somebody froze: one still, one let go, one about which nobody decided."""
    id = agent()
    customer = customer_of(id, days(-30), connected=False)
    first, second, third = (paid(customer, 40_000, days(-29)) for _ in range(3))
    mature(days(-10))
    for event, outcome in ((first, "take_back"), (second, "stay"), (third, "stay")):
        of = commission(event).id
        with transaction():
            commissions.change_freeze_rule(
                "by_hand", role="manager", days=1, outcome=outcome, by=SOMEBODY, now=NOW
            )
            commissions.freeze("suspicion", "a test", commission_id=of, by=SOMEBODY, now=NOW)
    (freeze,) = commissions.freezes_of(commission(third).id)
    with transaction():
        commissions.carry_out_due(by=SOMEBODY, now=days(2))
        commissions.release(freeze.id, "a test", by=SOMEBODY, now=days(2))


def _reversed_by_hand() -> None:
    """One that a second person approved and that was undone, and one that was withdrawn."""
    id = agent()
    line = commission(paid(customer_of(id, days(-30), connected=False), 400_000, days(-29))).id
    with transaction():
        commissions.change_reversal_limit("RUB", 1_000, by=SOMEBODY, now=NOW)
        one, two = (
            commissions.ask_reversal(line, amount=9_000, code="fraud", note="a test", by=FEDOR, now=NOW)
            for _ in range(2)
        )
        commissions.withdraw_reversal(two.reference, by=FEDOR, now=NOW)
        commissions.approve_reversal(one.reference, by=FILIPP, now=NOW)
        back = commissions.ask_undo(one.reference, code="mistaken_reversal", note="a test", by=FEDOR, now=NOW)
        commissions.approve_reversal(back.reference, by=FILIPP, now=NOW)


def _disputed() -> None:
    """One of each decision, and one that was mended."""
    holder, other = agent(), agent()
    referral = commission(
        paid(customer_of(holder, days(-30), connected=False), 40_000, days(-29))
    ).referral_reference
    with transaction():
        disputes.change_dispute_rule(
            "missing", role="manager", days=9, outcome="reject", by=SOMEBODY, now=NOW
        )
        for decision in ("reject", "partly", "uphold"):
            about = disputes.About(referral=referral)
            made = disputes.open_dispute(other, "missing", "a test", about, by=SOMEBODY, now=NOW)
            dispute = disputes.find(made).id
            disputes.decide(dispute, decision, "other_reason", "a test", by=SOMEBODY, now=NOW)
        disputes.transfer_customer(dispute, "a test", by=SOMEBODY, now=NOW)
        referral_id = disputes.find(made).referral_id
    with transaction():
        commissions.settle_referral(referral_id, by=SOMEBODY, now=NOW)


def _back_test(programme_id: UUID) -> None:
    with transaction():
        reference = backtests.ask(programme_id, [1], note="a test", by=SOMEBODY, now=clock.now())
        id = backtests.find(reference).id
    replaying.run([str(id)])


def _bank(customer_id: UUID) -> None:
    """A payment through the bank, partly refunded by us and partly in the bank's cabinet."""
    external_id = look("select external_id from customer where id = :id", id=customer_id)
    number = str(next(NUMBERS))
    with transaction():
        order = payments.place_order(
            external_id,
            amount=150_000,
            currency="RUB",
            description="A year of SuperApp",
            external_id=f"order-{number}",
            by=SOMEBODY,
            now=NOW,
        )
        step = actions.begin_init(order, by=SOMEBODY, now=NOW)
        assert step is not None
        actions.record_init(
            step.payment_id,
            provider_payment_id=number,
            payment_url="https://example.com",
            by=SOMEBODY,
            now=NOW,
        )
        actions.apply_state(
            step.payment_id,
            status="CONFIRMED",
            amount=150_000,
            bank_order_id=step.bank_order_id,
            by=SOMEBODY,
            now=NOW,
        )
    with transaction():
        refunds.ask_refund(step.bank_order_id, amount=30_000, reason="a test", by=SOMEBODY, now=NOW)
    with transaction():
        refund_id = scalar("select id from refund")
        refunds.begin_refund(refund_id, by=SOMEBODY, now=NOW)
        refunds.record_refund(refund_id, status="PARTIAL_REFUNDED", new_amount=120_000, by=SOMEBODY, now=NOW)
    with transaction():
        refunds.attest_refunded_total(step.bank_order_id, total=45_000, note="a test", by=SOMEBODY, now=NOW)
    events = [id for (id,) in rows("select id from event where payment_id is not null")]
    db.session.rollback()
    accrue(*events)


def _payouts(alice: UUID, bob: UUID) -> None:
    """A run cancelled; a payout withdrawn, one refused by the bank, one paid and returned, one paid for good, and one of
    which two people found out that it was not sent."""
    with transaction():
        run = payouts.prepare_run("RUB", agent_ids=[alice], by=FEDOR, now=LATER)
        payouts.cancel_run(run, by=FEDOR, now=LATER)
    with transaction():
        run = payouts.prepare_run("RUB", agent_ids=[alice, bob], by=FEDOR, now=LATER)
        payouts.withdraw(_prepared(run, bob).reference, by=FEDOR, now=LATER)
        payouts.approve_run(run, by=FILIPP, now=LATER)
        refused = _prepared(run, alice).id
    with transaction():
        step = checks.begin_check(refused, by=SOMEBODY, now=LATER)
        assert step is not None
        checks.record_check_refused(
            refused, step.attempt_id, code="1", message="a test", by=SOMEBODY, now=LATER
        )
    returned = pay_out(alice)
    with transaction():
        payouts.take_back(returned, note="a test", by=FEDOR, now=LATER)
    pay_out(alice)
    _settled(bob)


def _settled(agent_id: UUID) -> None:
    with transaction():
        run = payouts.prepare_run("RUB", agent_ids=[agent_id], by=FEDOR, now=LATER)
        payout = _prepared(run, agent_id)
        payouts.approve_run(run, by=FILIPP, now=LATER)
    with transaction():
        step = checks.begin_check(payout.id, by=SOMEBODY, now=LATER)
        assert step is not None
        checks.record_check_conflict(
            payout.id, step.attempt_id, code="4005", provider_payment_id=None, by=SOMEBODY, now=LATER
        )
    later = LATER + dt.timedelta(days=2)
    with transaction():
        found = payouts.propose_settlement(
            payout.reference, "not_sent", note="Statement", by=FEDOR, now=later
        )
        payouts.confirm_settlement(found, by=FILIPP, now=later)


def _statements(customer_id: UUID) -> None:
    """Two months are over and sealed, under a root each, and something was booked since."""
    for day in (3, 4):
        paid(customer_id, 60_000, days(day))
        now = clock.now()
        with transaction():
            clock.move((now.replace(day=1) + dt.timedelta(days=32)).replace(day=2), by=SOMEBODY)
        sealing.seal()
    paid(customer_id, 60_000, days(5))


def _prepared(run: str, agent_id: UUID) -> sa.Row[Any]:
    (found,) = [payout for payout in payouts.search(run=run).page().rows if payout.agent_id == agent_id]
    return found
