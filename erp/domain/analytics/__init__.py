"""Analytics is the look over the whole house: what no single context could tell or find. It writes nothing."""

from erp.domain.analytics.agents import AGENT_GROUPS, agents_in
from erp.domain.analytics.queries import WAITING, waiting
from erp.domain.analytics.search import NOUNS, SIMILAR, search

__all__ = ["AGENT_GROUPS", "NOUNS", "SIMILAR", "WAITING", "agents_in", "search", "waiting"]
