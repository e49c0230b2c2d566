"""Analytics is the look over the whole house: numbers that no single context could tell. It writes nothing."""

from erp.domain.analytics.agents import AGENT_GROUPS, agents_in
from erp.domain.analytics.queries import WAITING, waiting

__all__ = ["AGENT_GROUPS", "WAITING", "agents_in", "waiting"]
