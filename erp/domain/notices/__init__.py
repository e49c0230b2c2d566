"""Notices: what agents are told of terms, each agent once: a new version, or that their referrals move to another."""

from erp.domain.notices.actions import (
    announce_rerate,
    announce_terms,
    call_off_rerate,
    call_off_terms,
    record_told,
    text_to_send,
)
from erp.domain.notices.queries import moved_by, of_agent, told_of

__all__ = [
    "announce_rerate",
    "announce_terms",
    "call_off_rerate",
    "call_off_terms",
    "moved_by",
    "of_agent",
    "record_told",
    "text_to_send",
    "told_of",
]
