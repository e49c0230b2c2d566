"""Tells agents what was written and decided about their disputes; carries out deadlines."""

from __future__ import annotations

from uuid import UUID

from erp import config
from erp.domain import disputes
from erp.gateways.sms import Sms
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import release, transaction
from erp.language import say_in

BY = Actor.system("disputes")


def tell(subjects: list[str]) -> None:
    """Subjects are ids of messages. Read, send with no transaction open, record."""
    sms = Sms.from_settings(config.get())
    for id in map(UUID, subjects):
        text = disputes.text_to_send(id)
        release()
        if text is not None:
            sms.send(text.to, say_in(text.language, text.body))
            with transaction():
                disputes.record_told(id, now=clock.now())


def carry_out_due() -> None:
    """Periodic: what the owner chose for disputes about which nobody has decided in time."""
    done = 1
    while done:
        with transaction():
            done = disputes.carry_out_due(by=BY, now=clock.now())
