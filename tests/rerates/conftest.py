"""A programme with a version that referrals were made under, and a better one in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from erp.domain import rerates
from erp.jobs import rerates as job
from erp.kernel.db import db
from erp.kernel.transaction import transaction
from tests.support.cast import NOW
from tests.support.earnings import FEDOR, agent, broken, customer_of, days, look, new_terms, programme

DAY = days(20).date()


@pytest.fixture
def superapp(context: None) -> Iterator[UUID]:
    """10 % of every payment."""
    yield programme((0, 1_000))
    assert broken() == []


@pytest.fixture
def alice(superapp: UUID) -> UUID:
    return agent()


@pytest.fixture
def shop(alice: UUID) -> UUID:
    """A customer of hers, by the first version."""
    return customer_of(alice, days(-20))


@pytest.fixture
def better(superapp: UUID, shop: UUID) -> UUID:
    """20 %, for those who sign up from ten days ago on."""
    return new_terms(superapp, (0, 2_000), at=days(-10))


Proposed = Callable[..., str]


@pytest.fixture
def proposed(superapp: UUID, better: UUID) -> Proposed:
    """Proposes to move referrals of the programme; the reference. `counted` has the job done."""

    def propose(*, counted: bool = True, **given: object) -> str:
        of = {name: given.pop(name) for name in ("terms_id", "agent_id", "referral_ids") if name in given}
        asked = {"day": DAY, "code": "agreed", "note": "a test", "by": FEDOR, "now": NOW} | given
        with transaction():
            reference = rerates.propose(rerates.Choice(superapp, **of), asked.pop("day"), **asked)  # type: ignore[arg-type]
        if counted:
            count(reference)
        return reference

    return propose


def count(reference: str) -> None:
    """Do its job until there is nothing left to do."""
    id = look("select id from rerate where reference = :reference", reference=reference)
    job.count([str(id)])
    db.session.rollback()


def referral_of(customer_id: UUID) -> UUID:
    return UUID(str(look("select id from referral where customer_id = :id", id=customer_id)))
