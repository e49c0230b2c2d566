"""When a re-rate may be, and why it may not."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from erp.kernel.errors import DomainError
from erp.kernel.sentences import Sentence

COMPARED = dt.timedelta(days=365)
"""How far back it is looked what the referrals earned, and would have earned."""


class NothingToMove(DomainError):
    code = "nothing_to_move"
    sentence = Sentence(
        "There is nothing to move: these referrals follow the active terms already, or wait for another move."
    )


class SeveralProgrammes(DomainError):
    code = "several_programmes"
    sentence = Sentence("These referrals are of several programmes. Choose those of one.")


class TermsNotInForce(DomainError):
    code = "rerate_terms_not_in_force"
    sentence = Sentence("Referrals move to terms that are in force, and these are not any more.")


class RerateEnded(DomainError):
    code = "rerate_ended"
    sentence = Sentence("This has been decided before. Look again.")


class NotCounted(DomainError):
    code = "rerate_not_counted"
    sentence = Sentence("It is still being counted what agents win or lose. Decide when that is known.")


class Overtaken(DomainError):
    code = "rerate_overtaken"
    sentence = Sentence(
        "Some of these referrals follow other terms than when it was proposed. Refuse it; it can be proposed anew."
    )


class TooLateToTell(DomainError):
    code = "rerate_too_late"
    sentence = Sentence(
        "Agents are told %(days)s days ahead, so it cannot begin before %(first)s. Refuse it; it can be proposed anew."
    )


def begins(day: dt.date, zone: str) -> dt.datetime:
    """When a day begins by the calendar of a programme."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone))


def first_day(now: dt.datetime, notice_days: int, zone: str) -> dt.date:
    """The first whole day by the programme's calendar before which agents can still be told in time."""
    return (now + dt.timedelta(days=notice_days)).astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=1)
