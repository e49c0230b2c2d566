"""Invariant 4 names the place that was booked twice."""

import psycopg

from erp.domain import bookings
from erp.domain.bookings import invariants
from erp.kernel.transaction import release, transaction
from tests.support.cast import NOW, SOMEBODY, agent, places


def test_two_open_bookings_of_one_place_are_named(context: None, superuser: psycopg.Connection) -> None:
    alice, bob = agent(1), agent(2)
    aino, kide = places("Cafe Aino", "Salon Kide")
    with transaction():
        one = bookings.book(alice, aino.id, by=SOMEBODY, now=NOW)
        two = bookings.book(bob, kide.id, by=SOMEBODY, now=NOW)
    sound = invariants.one_open_booking_per_place()
    assert (sound.number, sound.examined, list(sound.bad)) == (4, 2, [])
    release()
    superuser.execute("drop index booking_one_open_per_claim_group")
    superuser.execute("set session_replication_role = replica")
    superuser.execute("update booking set claim_group_id = %s", [aino.claim_group_id])
    (bad,) = invariants.one_open_booking_per_place().bad
    assert str(aino.claim_group_id) in bad
    assert one.reference in bad
    assert two.reference in bad
