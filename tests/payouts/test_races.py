"""Several at once: the database lets one through."""

from concurrent.futures import ThreadPoolExecutor

from erp.domain import payouts
from erp.kernel.db import scalar
from erp.kernel.errors import DomainError
from tests.payouts.conftest import attempts, prepare, sent
from tests.payouts.test_execute import run_to_the_end
from tests.support.trade import balance

AT_ONCE = 6


def at_once(app, act):
    """What `act` gave in each of several threads that began together."""

    def one(_):
        with app.app_context():
            return act()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_many_who_prepare_at_once_make_one_payout(app, ivan):
    def attempt():
        try:
            return prepare()
        except DomainError as refusal:
            return refusal.code

    prepared = [outcome for outcome in at_once(app, attempt) if outcome.startswith("RUN-")]
    assert len(prepared) == 1
    assert scalar("select count(*) from payout") == 1


def test_many_workers_with_one_payout_pay_it_once(app, ivan, approved, edge, bank):
    at_once(app, lambda: payouts.execute(approved, edge))
    assert run_to_the_end(approved, edge).state == "paid"
    assert len(sent(bank, approved)) == 1
    assert [attempt.state for attempt in attempts(approved)] == ["paid"]
    assert balance(ivan) == {}
