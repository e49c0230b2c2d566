"""Tells agents of terms: of new versions, and that their referrals move to one."""

from __future__ import annotations

from uuid import UUID

from erp import config
from erp.domain import notices
from erp.gateways.sms import Sms
from erp.kernel import clock
from erp.kernel.transaction import release, transaction
from erp.language import say_in


def announce_terms(subjects: list[str]) -> None:
    """Subjects are ids of terms that were scheduled or came into force."""
    for id in map(UUID, subjects):
        with transaction():
            notices.announce_terms(id, now=clock.now())


def call_off_terms(subjects: list[str]) -> None:
    """Subjects are ids of terms that were scheduled, and are not any more."""
    for id in map(UUID, subjects):
        with transaction():
            notices.call_off_terms(id, now=clock.now())


def tell(subjects: list[str]) -> None:
    """Subjects are ids of notices. Read, send with no transaction open, record."""
    sms = Sms.from_settings(config.get())
    for id in map(int, subjects):
        text = notices.text_to_send(id)
        release()
        if text is not None:
            sms.send(text.to, say_in(text.language, text.body))
            with transaction():
                notices.record_told(id, now=clock.now())
