"""Analytics is the look over the whole house: numbers that no single context could tell."""

from erp.domain.analytics.queries import WAITING, waiting

__all__ = ["WAITING", "waiting"]
