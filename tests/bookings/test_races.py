"""The database settles who was first."""

import datetime as dt
from collections import Counter
from uuid import UUID

from flask import Flask

from erp.domain import bookings
from erp.kernel.db import scalar
from tests.support.cast import NOW, SOMEBODY, agent, at_once, places


def verdicts(answers: list[object]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


def test_of_fifty_agents_who_book_one_place_at_once_one_gets_it(app: Flask) -> None:
    with app.app_context():
        everybody = [agent(number) for number in range(50)]
        (cafe,) = places("Cafe Aino")

    def book_at(now: dt.datetime) -> Counter[str]:
        def book(who: UUID) -> object:
            return bookings.book(who, cafe.id, by=SOMEBODY, now=now)

        return verdicts(at_once(app, book, everybody))

    assert book_at(NOW) == {"Row": 1, "AlreadyBooked": 49}
    assert book_at(NOW + bookings.TERM) == {"Row": 1, "AlreadyBooked": 49}
    with app.app_context():
        assert scalar("select count(*) from booking") == 2
        assert scalar("select count(*) from booking where ended_at is null") == 1
        assert scalar("select count(*) from audit_entry where action = 'booking.expired'") == 1


def test_an_agent_who_books_thirty_places_at_once_gets_twenty(app: Flask) -> None:
    with app.app_context():
        alice = agent(1)
        found = [place.id for place in places(*(f"Cafe {number}" for number in range(30)))]

    def book(place: UUID) -> object:
        return bookings.book(alice, place, by=SOMEBODY, now=NOW)

    assert verdicts(at_once(app, book, found)) == {"Row": 20, "TooManyBookings": 10}


def test_a_booking_ends_once_whoever_ends_it(app: Flask) -> None:
    with app.app_context():
        alice = agent(1)
        (cafe,) = places("Cafe Aino")
    (booking,) = at_once(app, lambda who: bookings.book(who, cafe.id, by=SOMEBODY, now=NOW).id, [alice])
    deeds = [
        lambda: bookings.release(booking, by=SOMEBODY, now=NOW),
        lambda: bookings.move_stage(booking, "lost", by=SOMEBODY, now=NOW),
    ] * 5
    assert verdicts(at_once(app, lambda deed: deed(), deeds)) == {"NoneType": 1, "BookingEnded": 9}
    with app.app_context():
        ends = scalar("select count(*) from audit_entry where action in ('booking.released', 'booking.lost')")
        assert ends == 1
