"""Whatever terms there are and whatever facts, in whatever order, parts, batches and repetitions they are told: the
books say what the slow oracle says."""

from __future__ import annotations

from uuid import UUID

from hypothesis import HealthCheck, given, settings

from erp.domain.commissions.history import REPLAYED
from erp.kernel.db import db, rows
from tests.commissions import oracle
from tests.commissions.teller import Teller
from tests.commissions.worlds import World, worlds
from tests.support.earnings import balance, broken


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(world=worlds())
def test_the_books_say_what_the_oracle_says(context: None, world: World) -> None:
    teller = Teller(world)
    teller.tell()
    book = teller.book()
    expected = {key: amount for key, amount in oracle.nets(book).items() if amount}
    assert _booked(teller.agents) == expected
    assert _replayed(teller.agents) == expected
    earned = oracle.balances(book)
    for id in teller.agents:
        assert sum(balance(id).values()) == earned.get(str(id), 0)
    assert set(balance(teller.agents[0])) <= {"available"}
    assert set(balance(teller.agents[1])) <= {"available", "credit"}
    assert set(balance(teller.agents[2])) <= {"frozen"}
    assert broken() == []


def _booked(agents: list[UUID]) -> oracle.Net:
    found = rows(
        """select c.event_id, u.key, c.agent_id::text, sum(c.amount)::bigint as net
           from commission c join rule u on u.id = c.rule_id where c.agent_id = any(:ids) group by 1, 2, 3""",
        ids=agents,
    )
    db.session.rollback()
    return {(event, rule, agent): net for event, rule, agent, net in found if net}


def _replayed(agents: list[UUID]) -> oracle.Net:
    """What recorded history earns under its own terms when it is told to empty books."""
    found = rows(
        f"""select x.event_id, u.key, x.agent_id::text, x.net from ({REPLAYED}) x join rule u on u.id = x.rule_id
            where x.agent_id = any(:ids)""",
        ids=agents,
    )
    db.session.rollback()
    return {(event, rule, agent): net for event, rule, agent, net in found if net}
