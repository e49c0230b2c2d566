"""Integrations: what the owner's systems tell us (events, each kept once) and the keys by which they may."""

from erp.domain.integrations.actions import NewEvent, issue_key, record_event, record_events, revoke_key
from erp.domain.integrations.queries import event_id, events_of, find_key, key_of, keys, search_keys
from erp.domain.integrations.rules import UnknownKey

__all__ = [
    "NewEvent",
    "UnknownKey",
    "event_id",
    "events_of",
    "find_key",
    "issue_key",
    "key_of",
    "keys",
    "record_event",
    "record_events",
    "revoke_key",
    "search_keys",
]
