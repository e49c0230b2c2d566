"""Hands over again what Redis lost."""

from erp.kernel import outbox


def sweep() -> None:
    outbox.sweep()
