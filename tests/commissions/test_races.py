"""Two workers at once: everything is booked, matured and let go of once."""

import psycopg
import pytest

from erp.domain import agents, commissions
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY, at_once
from tests.support.earnings import (
    LATER,
    balance,
    connection,
    customer_of,
    days,
    lines,
    look,
    mature,
    net,
    paid,
    payment,
    refund,
)


@pytest.fixture
def shop(alice):
    return customer_of(alice, days(-30))


def test_the_same_event_accrued_by_many_at_once_is_booked_once(app, alice, shop):
    event = payment(shop, 100_000)
    written = at_once(app, lambda _: commissions.accrue([event], by=SOMEBODY, now=NOW), list(range(6)))
    assert sorted(written) == [0, 0, 0, 0, 0, 1]
    assert lines(event) == [("accrual", 5_000)]
    assert balance(alice) == {"pending": 5_000}


def test_a_payment_and_its_refunds_accrued_at_once_add_up(app, alice, shop):
    event = payment(shop, 100_000)
    parts = [refund(event, total) for total in (10_000, 60_000, 100_000)]
    at_once(
        app, lambda told: commissions.accrue([told], by=SOMEBODY, now=NOW), [event, *parts, event, *parts]
    )
    assert net(event) == 0
    assert balance(alice) == {}


def test_connections_and_payments_accrued_at_once_meet_the_tiers(app, alice):
    shops = [customer_of(alice, days(-30)) for _ in range(4)]
    payments = [payment(shop, 100_000, days(-1)) for shop in shops]
    told = [*payments, *map(connection, shops)]
    at_once(app, lambda event: commissions.accrue([event], by=SOMEBODY, now=NOW), told)
    assert [net(event) for event in payments] == [10_000] * 4


def test_two_workers_mature_everything_once(app, alice, bob, shop):
    for number in range(5):
        paid(shop, 100_000, days(-number))
        paid(customer_of(bob, days(-30), connected=False), 100_000, days(-number))
    ready = at_once(app, lambda _: commissions.mature(by=SOMEBODY, now=LATER, limit=3), list(range(6)))
    assert sum(ready) + mature() == 10
    assert (balance(alice), balance(bob)) == ({"available": 25_000}, {"available": 25_000})
    assert look("select count(*) from maturity") == 10


def test_what_one_worker_matures_another_passes_by(alice, bob, shop, database, superuser):
    paid(shop, 100_000)
    superuser.autocommit = False
    superuser.execute("select 1 from hold for update")
    paid(customer_of(bob, days(-30)), 100_000)
    assert mature() == 1
    assert (balance(alice), balance(bob)) == ({"pending": 5_000}, {"available": 5_000})
    superuser.rollback()
    assert mature() == 1


def test_a_refund_and_the_maturity_of_its_line_at_once_leave_nothing(app, alice, shop):
    back = refund(paid(shop, 100_000), 100_000)
    deeds = [
        lambda: commissions.mature(by=SOMEBODY, now=LATER),
        lambda: commissions.accrue([back], by=SOMEBODY, now=NOW),
    ] * 3
    done = at_once(app, lambda deed: deed(), deeds)
    assert all(isinstance(result, int) for result in done), done
    assert balance(alice) == {}


def test_two_workers_let_go_once(app, alice, shop):
    with transaction():
        agents.suspend(alice, "a test", by=SOMEBODY, now=NOW)
    for number in range(3):
        paid(shop, 100_000, days(-number))
    with transaction():
        agents.activate(alice, by=SOMEBODY, now=NOW)
    let_go = at_once(
        app, lambda _: commissions.release_frozen_of_agent(alice, by=SOMEBODY, now=NOW), list(range(4))
    )
    assert sorted(let_go) == [0, 0, 0, 3]
    assert balance(alice) == {"pending": 15_000}


@pytest.mark.parametrize("table", ["commission", "maturity", "release"])
def test_lines_and_what_happened_to_them_never_change(alice, shop, superuser, table):
    with pytest.raises(psycopg.errors.RestrictViolation):
        superuser.execute(f"delete from {table}")
