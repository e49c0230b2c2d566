"""Analytics is the look over the whole house: what no single context could tell or find. It writes nothing."""

from erp.domain.analytics.agents import AGENT_GROUPS, agents_in
from erp.domain.analytics.customers import (
    ACTIVITY,
    ATTRIBUTION,
    codes_refused,
    cohorts,
    find_customer,
    search_customers,
    stopped_paying,
)
from erp.domain.analytics.money import Unfinished, under_way, unfinished
from erp.domain.analytics.movement import funnel, moved, movement
from erp.domain.analytics.queries import WAITING, waiting
from erp.domain.analytics.rules import CURRENCY, SILENT_AFTER, STOPPED_AFTER
from erp.domain.analytics.search import NOUNS, SIMILAR, search
from erp.domain.analytics.stories import SOURCES, Story, story
from erp.domain.analytics.subjects import references

__all__ = [
    "ACTIVITY",
    "AGENT_GROUPS",
    "ATTRIBUTION",
    "CURRENCY",
    "NOUNS",
    "SILENT_AFTER",
    "SIMILAR",
    "SOURCES",
    "STOPPED_AFTER",
    "WAITING",
    "Story",
    "Unfinished",
    "agents_in",
    "codes_refused",
    "cohorts",
    "find_customer",
    "funnel",
    "moved",
    "movement",
    "references",
    "search",
    "search_customers",
    "stopped_paying",
    "story",
    "under_way",
    "unfinished",
    "waiting",
]
