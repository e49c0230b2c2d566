"""The banks to which an agent's payouts can go."""

from __future__ import annotations

import time
from functools import lru_cache

from flask import Response
from pydantic import Field

from erp import config
from erp.gateways.tbank import BankError, Payouts, SbpMember
from erp.kernel.errors import Invalid
from erp.kernel.permissions import for_agent
from erp.kernel.sentences import Sentence
from erp.kernel.transaction import release
from mobile_api.answers import answer
from mobile_api.errors import BankAway
from mobile_api.nouns import noun
from mobile_api.schemas import Shown, example

KEPT_SECONDS = 3600
api = noun("banks", "Banks of the faster payments system (SBP), to which payouts go by phone number")


class Bank(Shown):
    model_config = example({"id": "100000000004", "name": "T-Bank", "name_russian": "Т-Банк"})

    id: str = Field(description="What `bank_member_id` of an agent names")
    name: str
    name_russian: str


class Banks(Shown):
    items: list[Bank]


@api.get("/banks", responses={200: Banks, 503: None})
@for_agent
def list_banks() -> Response:
    """List the banks to which a payout can go."""
    return answer(Banks(items=[Bank.model_validate(member) for member in members()]))


def members() -> tuple[SbpMember, ...]:
    """The bank's own list, asked for at most once an hour. Ends an open read first. Raises `BankAway`."""
    release()
    try:
        return _members_in(int(time.time() // KEPT_SECONDS))
    except BankError as error:
        raise BankAway from error


@lru_cache(maxsize=1)
def _members_in(_hour: int) -> tuple[SbpMember, ...]:
    return Payouts.from_settings(config.get()).members()


def forget() -> None:
    """Ask the bank again next time, as after a change of its address."""
    _members_in.cache_clear()


def name_of(member_id: str) -> str:
    """What the bank calls this member. Raises `Invalid` when there is no such bank."""
    for member in members():
        if member.id == member_id:
            return member.name_russian or member.name
    choose = Sentence("Choose the bank from the list.")
    raise Invalid(choose, fields={"bank_member_id": choose})
