"""Forgets requests whose answers were kept long enough."""

from erp.kernel import clock, idempotency
from erp.kernel.transaction import transaction


def forget() -> None:
    with transaction():
        idempotency.forget(now=clock.now())
