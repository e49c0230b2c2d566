"""Accrual, maturity and the end of freezes."""

from uuid import UUID

from erp.domain import commissions
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("commissions")


def accrue(subjects: list[str]) -> None:
    """Subjects are event ids."""
    now = clock.now()
    with transaction():
        commissions.accrue([int(subject) for subject in subjects], by=BY, now=now)


def mature() -> None:
    """Periodic: everything whose hold has passed, a thousand at a time."""
    now = clock.now()
    matured = 1
    while matured:
        with transaction():
            matured = commissions.mature(by=BY, now=now)


def settle_bonuses() -> None:
    """Periodic: bonuses whose condition is met, or whose deadline has passed."""
    settled = 1
    while settled:
        with transaction():
            settled = commissions.settle_bonuses(by=BY, now=clock.now())


def release_frozen(subjects: list[str]) -> None:
    """Subjects are referral ids whose case was decided for the holder."""
    for subject in subjects:
        with transaction():
            commissions.release_frozen(UUID(subject), by=BY, now=clock.now())


def settle_referral(subjects: list[str]) -> None:
    """Subjects are referral ids whose shares moved."""
    for subject in subjects:
        with transaction():
            commissions.settle_referral(UUID(subject), by=BY, now=clock.now())


def release_frozen_of_agent(subjects: list[str]) -> None:
    """Subjects are agent ids that are active again."""
    for subject in subjects:
        with transaction():
            commissions.release_frozen_of_agent(UUID(subject), by=BY, now=clock.now())


def carry_out_due_freezes() -> None:
    """Periodic: what the owner chose for freezes about which nobody has decided in time."""
    now = clock.now()
    done = 1
    while done:
        with transaction():
            done = commissions.carry_out_due(by=BY, now=now)


def forfeit_of_closed() -> None:
    """Periodic: what is frozen for closed agents under terms that forfeit it."""
    now = clock.now()
    forfeited = 1
    while forfeited:
        with transaction():
            forfeited = commissions.forfeit_of_closed(by=BY, now=now)
