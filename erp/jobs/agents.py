"""Sends one-time codes; forgets them and sessions that are over."""

from __future__ import annotations

from uuid import UUID

from erp import config
from erp.domain import agents
from erp.gateways.sms import Sms
from erp.kernel import clock
from erp.kernel.transaction import release, transaction
from erp.language import say_in


def send_code(subjects: list[str]) -> None:
    """Read, send with no transaction open, record. A code that has expired by now is not sent."""
    sms = Sms.from_settings(config.get())
    for id in map(UUID, subjects):
        text = agents.code_to_send(id, now=clock.now())
        release()
        if text is not None:
            sms.send(text.to, say_in(text.language, text.body))
            with transaction():
                agents.record_sent(id, now=clock.now())


def forget_codes() -> None:
    with transaction():
        agents.forget_codes(now=clock.now())


def forget_sessions() -> None:
    with transaction():
        agents.forget_sessions(now=clock.now())
