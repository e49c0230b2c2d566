"""How long a booking lasts, which stages follow which, and the refusals of this context."""

from __future__ import annotations

import datetime as dt

from erp.kernel.errors import DomainError, Forbidden
from erp.kernel.sentences import Counted, Sentence

TERM = dt.timedelta(days=14)
MOST_OPEN = 20
"""Open bookings an agent may hold at once."""

STAGES = ("booked", "contacted", "meeting", "agreed")
ENDINGS = ("connected", "released", "expired", "lost")
MOVES = {
    "booked": {"contacted", "meeting", "agreed", "lost"},
    "contacted": {"meeting", "agreed", "lost"},
    "meeting": {"contacted", "agreed", "lost"},
    "agreed": {"contacted", "meeting", "lost"},
}
"""Where an open booking may be moved by hand. Connected, released and expired have verbs of their own."""

MAY_BOOK = frozenset({"pending", "active"})
"""States of agents who may book."""


class AlreadyBooked(DomainError):
    code = "already_booked"
    sentence = Sentence(
        "Somebody has booked this place. Try again when the booking has ended, or choose another place."
    )


class AlreadyConnected(DomainError):
    code = "already_connected"
    sentence = Sentence("This place is a customer already. Choose another place.")


class TooManyBookings(DomainError):
    code = "too_many_bookings"
    sentence = Counted(
        "%(num)s booking is open, which is the most. Release it before you book another.",
        "%(num)s bookings are open, which is the most. Release one before you book another.",
        num=MOST_OPEN,
    )


class AgentMayNotBook(Forbidden):
    code = "agent_may_not_book"
    sentence = Sentence("This agent is suspended or closed and cannot book.")


class BookingEnded(DomainError):
    code = "booking_ended"
    sentence = Sentence("This booking has ended.")


class IllegalMove(DomainError):
    code = "booking_stage"
    sentence = Sentence("The booking's present stage does not allow this.")


class AlreadyExtended(DomainError):
    code = "already_extended"
    sentence = Sentence("This booking was extended before; that is possible once.")
