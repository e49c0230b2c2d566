"""An agent who earned, whose month is over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest

from erp import config
from erp.jobs import statements as jobs
from erp.kernel import clock
from erp.kernel.transaction import release, transaction
from tests.support.cast import SOMEBODY
from tests.support.earnings import agent, customer_of, days, mature, paid, pay_out, programme, refunded


@pytest.fixture
def roots(database: str) -> Path:
    """The folder of exported roots, which is not there yet."""
    return config.get().roots_folder


@pytest.fixture
def anna(context: None, roots: Path) -> UUID:
    """She was paid what matured, and one customer was refunded a part."""
    programme((0, 1000))
    anna = agent()
    customer = customer_of(anna, days(-10))
    paid(customer, 300_000, days(-5))
    refunded(paid(customer, 200_000, days(-4)), 50_000)
    mature(days(60))
    pay_out(anna)
    return anna


def next_month() -> dt.datetime:
    """Let the database's clock come to the second day of its next month; the moment."""
    now = clock.now()
    to = (now.replace(day=1) + dt.timedelta(days=32)).replace(day=2, hour=12)
    with transaction():
        clock.move(to, by=SOMEBODY)
    return to


def sealed() -> None:
    """All that is over is sealed, signed and exported, as by the job."""
    jobs.seal()
    release()
