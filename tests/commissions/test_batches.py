"""One thousand facts told at once and one by one make the same books, a tier, a cap and a refund inside."""

from __future__ import annotations

import random
from uuid import UUID

from erp.domain import integrations
from erp.domain.integrations import NewEvent
from erp.kernel.db import db, rows
from erp.kernel.transaction import transaction
from tests.support.earnings import accrue, agent, balance, connection, customer_of, days, look, programme

AGENTS, FACTS = 4, 1_000


def test_a_thousand_at_once_and_a_thousand_times_one_agree(context: None) -> None:
    together, alone = World("together"), World("alone")
    assert len(together.events) == len(alone.events) == FACTS
    accrue(*together.events)
    for event in alone.events:
        accrue(event)
    assert together.lines() == alone.lines()
    assert [balance(one) for one in together.agents] == [balance(one) for one in alone.agents]
    assert together.crossed() == alone.crossed() == {"tiers": 2, "capped": True, "reversed": True}


class World:
    """Agents whose customers pay a thousand times, in no order; the same for every key."""

    def __init__(self, key: str):
        dice = random.Random(7)
        self.programme = programme((0, 500), (3, 1_000), key=key, monthly_cap=400_000, window_days=30)
        self.agents = [agent() for _ in range(AGENTS)]
        self.customers: list[UUID] = []
        for one in self.agents:
            self.customers += [customer_of(one, days(-20 + 10 * n), programme=key) for n in range(3)]
        self.events = [connection(customer) for customer in self.customers]
        self._pay(key, dice)
        dice.shuffle(self.events)

    def _pay(self, key: str, dice: random.Random) -> None:
        payments = [
            NewEvent(
                key,
                f"paid-{n}",
                "payment",
                dice.choice(self.customers),
                days(dice.randrange(-200, 200) / 10),
                "bank_checked",
                amount=dice.randrange(1_000, 90_000),
                currency="RUB",
            )
            for n in range(FACTS - len(self.customers) - 50)
        ]
        with transaction():
            paid = integrations.record_events(payments)
            refunds = [
                NewEvent(
                    key,
                    f"refunded-{n}",
                    "refund",
                    payments[n].customer_id,
                    days(25),
                    "bank_checked",
                    amount=payments[n].amount // 3,
                    currency="RUB",
                    original_event_id=paid[n],
                    refunded_total=payments[n].amount // 3,
                )
                for n in range(50)
            ]
            self.events += [id for id in [*paid, *integrations.record_events(refunds)] if id is not None]

    def lines(self) -> list[tuple[object, ...]]:
        """What every fact earned whom, in the words of the world."""
        found = rows(
            """select e.source_id, c.agent_id, sum(c.amount)::bigint as net, sum(c.uncapped)::bigint as uncapped
               from commission c join event e on e.id = c.event_id where c.programme_id = :id group by 1, 2""",
            id=self.programme,
        )
        db.session.rollback()
        return sorted((source, self.agents.index(who), net, uncapped) for source, who, net, uncapped in found)

    def crossed(self) -> dict[str, object]:
        where = "from commission where programme_id = :id"
        return {
            "tiers": look(f"select count(distinct tier_position) {where}", id=self.programme),
            "capped": look(
                f"select bool_or(amount < uncapped) {where} and kind = 'accrual'", id=self.programme
            ),
            "reversed": look(f"select count(*) > 0 {where} and kind = 'reversal'", id=self.programme),
        }
