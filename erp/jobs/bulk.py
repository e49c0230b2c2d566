"""Carries on with bulk deeds that are much, or that were left undone; forgets old ones."""

from uuid import UUID

from erp.kernel import bulk, clock
from erp.kernel.transaction import transaction


def carry_on(subjects: list[str]) -> None:
    for subject in subjects:
        bulk.carry_on(UUID(subject))


def forget() -> None:
    with transaction():
        bulk.forget(now=clock.now())
