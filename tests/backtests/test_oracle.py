"""Whatever terms there are, whatever others they are held against and whatever happened: a back-test says what the slow
oracle says of both."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings

from erp.domain import backtests, programmes
from erp.domain.programmes import TermsDraft
from erp.kernel.db import db, scalar
from erp.kernel.transaction import transaction
from tests.backtests.conftest import results, run
from tests.commissions import oracle
from tests.commissions.teller import Teller
from tests.commissions.worlds import World, terms, told, worlds
from tests.support.cast import SOMEBODY
from tests.support.earnings import LATER


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(world=worlds(), other=terms())
def test_a_back_test_says_what_the_oracle_says(context: None, world: World, other: TermsDraft) -> None:
    teller = Teller(world)
    teller.tell()
    book = json.loads(teller.book())
    programme_id = scalar("select id from programme where key = :key", key=teller.key)
    db.session.rollback()
    with transaction():
        terms_id = programmes.draft(programme_id, other, by=SOMEBODY, now=LATER)
        version = programmes.version_of(terms_id).version
    with transaction():
        reference = backtests.ask(programme_id, [1, version], by=SOMEBODY, now=LATER)
    run(reference)
    old = oracle.balances(json.dumps(book))
    for customer in book["customers"].values():
        del customer["moves"]
    first = oracle.balances(json.dumps(book))
    new = oracle.balances(json.dumps(book | {"terms": told(other)}))
    for position, expected in ((1, first), (2, new)):
        for agent_id, (was, would_be) in results(reference, position).items():
            assert (was, would_be) == (old.get(str(agent_id), 0), expected.get(str(agent_id), 0))
    assert backtests.baseline(backtests.find(reference).id).unequal == 0
    db.session.rollback()
