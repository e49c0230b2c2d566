"""A place is booked by one agent, for a time, and every way it ends."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from erp.domain import agents, bookings, catalogue
from erp.jobs.bookings import expire_overdue
from erp.kernel import audit, clock
from erp.kernel.db import execute, scalar
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import transaction
from tests.support.cast import NOW, SOMEBODY, agent, code_of, places, without_triggers

DAY = dt.timedelta(days=1)


@pytest.fixture
def alice(context: None) -> UUID:
    return agent(1)


@pytest.fixture
def bob(context: None) -> UUID:
    return agent(2, name="Bob Petrov")


@pytest.fixture
def cafe(context: None) -> sa.Row[Any]:
    return places("Cafe Aino")[0]


def book(who: UUID, place: sa.Row[Any], now: dt.datetime = NOW) -> UUID:
    with transaction():
        id: UUID = bookings.book(who, place.reference, by=SOMEBODY, now=now).id
    return id


def actions(booking: UUID) -> list[str]:
    return [entry.action for entry in audit.history("booking", booking)]


def test_a_booking_holds_the_place_for_two_weeks(alice: UUID, cafe: sa.Row[Any]) -> None:
    booking = bookings.get(book(alice, cafe))
    assert (booking.stage, booking.agent_id, booking.establishment_id) == ("booked", alice, cafe.id)
    assert (booking.booked_at, booking.expires_at) == (NOW, NOW + 14 * DAY)
    assert actions(booking.id) == ["booking.made"]


def test_a_place_may_be_named_by_its_id(alice: UUID, cafe: sa.Row[Any]) -> None:
    with transaction():
        bookings.book(alice, cafe.id, by=SOMEBODY, now=NOW)
    with pytest.raises(NotFound), transaction():
        bookings.book(alice, uuid4(), by=SOMEBODY, now=NOW)


def test_what_is_booked_is_refused_to_everybody_and_nothing_else_is_undone(
    alice: UUID, bob: UUID, cafe: sa.Row[Any]
) -> None:
    book(alice, cafe)
    with transaction():
        for who in (alice, bob):
            with pytest.raises(bookings.AlreadyBooked):
                bookings.book(who, cafe.id, by=SOMEBODY, now=NOW)
        agents.suspend(bob, "the transaction went on", by=SOMEBODY, now=NOW)
    assert agents.profile(bob).state == "suspended"
    assert scalar("select count(*) from booking") == 1


def test_records_of_one_real_place_are_booked_together(alice: UUID, bob: UUID, superuser: Any) -> None:
    one, other = places("Cafe Aino", "Kahvila Aino")
    without_triggers(
        superuser,
        "update establishment set claim_group_id = %s where id = %s",
        one.claim_group_id,
        other.id,
    )
    book(alice, one)
    with pytest.raises(bookings.AlreadyBooked):
        book(bob, other)


def test_an_overdue_booking_gives_way_in_the_same_transaction(
    alice: UUID, bob: UUID, cafe: sa.Row[Any]
) -> None:
    old = book(alice, cafe)
    new = book(bob, cafe, NOW + 14 * DAY)
    ended = bookings.get(old)
    assert (ended.ending, ended.ended_at) == ("expired", NOW + 14 * DAY)
    assert bookings.get(new).agent_id == bob
    assert actions(old) == ["booking.made", "booking.expired"]


def test_a_booking_is_not_overdue_a_second_before(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    book(alice, cafe)
    with pytest.raises(bookings.AlreadyBooked):
        book(bob, cafe, NOW + 14 * DAY - dt.timedelta(seconds=1))


def test_the_job_ends_what_is_overdue_and_only_that(alice: UUID, context: None) -> None:
    now = clock.now()
    first, second = places("Cafe Aino", "Salon Kide")
    late, fresh = book(alice, first, now - 15 * DAY), book(alice, second, now)
    for _ in range(2):
        expire_overdue()
    assert bookings.get(late).ending == "expired"
    assert bookings.get(fresh).ending is None
    assert actions(late) == ["booking.made", "booking.expired"]


def test_the_job_takes_as_many_as_it_is_told_however_the_database_goes_about_it(alice: UUID) -> None:
    for place in places(*(f"Cafe {number}" for number in range(5))):
        book(alice, place)
    for expected in (2, 2, 1, 0):
        with transaction():
            for way in ("hashagg", "hashjoin", "indexscan", "bitmapscan", "material", "mergejoin", "sort"):
                execute(f"set local enable_{way} = off")
            assert bookings.expire_overdue(now=NOW + 20 * DAY, limit=2) == expected


def test_a_released_place_is_free(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    old = book(alice, cafe)
    with transaction():
        bookings.release(old, by=SOMEBODY, now=NOW + DAY)
    book(bob, cafe, NOW + DAY)
    assert bookings.get(old).ending == "released"
    with pytest.raises(bookings.BookingEnded), transaction():
        bookings.release(old, by=SOMEBODY, now=NOW + DAY)


def test_an_overdue_booking_cannot_be_worked_on_although_the_job_has_not_come(
    alice: UUID, cafe: sa.Row[Any]
) -> None:
    booking = book(alice, cafe)
    for deed in (
        lambda: bookings.release(booking, by=SOMEBODY, now=NOW + 14 * DAY),
        lambda: bookings.move_stage(booking, "agreed", by=SOMEBODY, now=NOW + 14 * DAY),
        lambda: bookings.extend(booking, "please", by=SOMEBODY, now=NOW + 14 * DAY),
    ):
        with pytest.raises(bookings.BookingEnded), transaction():
            deed()


@pytest.mark.parametrize("before", bookings.STAGES)
@pytest.mark.parametrize("after", [*bookings.STAGES, "lost", "connected", "nonsense"])
def test_a_stage_follows_only_where_the_table_allows(
    alice: UUID, cafe: sa.Row[Any], before: str, after: str
) -> None:
    booking = book(alice, cafe)
    if before != "booked":
        with transaction():
            bookings.move_stage(booking, before, by=SOMEBODY, now=NOW)
    refused = after in (before, "booked", "connected", "nonsense")
    if refused:
        with pytest.raises(bookings.IllegalMove), transaction():
            bookings.move_stage(booking, after, by=SOMEBODY, now=NOW)
        assert bookings.get(booking).stage == before
    else:
        with transaction():
            bookings.move_stage(booking, after, by=SOMEBODY, now=NOW)
        moved = bookings.get(booking)
        assert (moved.ending if after == "lost" else moved.stage) == after


def test_staff_extend_once_and_say_why(alice: UUID, cafe: sa.Row[Any]) -> None:
    booking = book(alice, cafe)
    with pytest.raises(Invalid), transaction():
        bookings.extend(booking, " ", by=SOMEBODY, now=NOW)
    with transaction():
        bookings.extend(booking, "the owner is away", by=SOMEBODY, now=NOW + DAY)
    extended = bookings.get(booking)
    assert (extended.expires_at, extended.extension_note) == (NOW + 28 * DAY, "the owner is away")
    with pytest.raises(bookings.AlreadyExtended), transaction():
        bookings.extend(booking, "again", by=SOMEBODY, now=NOW + DAY)


@pytest.mark.parametrize(
    ("state", "may"), [("pending", True), ("active", True), ("suspended", False), ("closed", False)]
)
def test_who_may_book(context: None, cafe: sa.Row[Any], state: str, may: bool) -> None:
    who = agent(3, state=state)
    if may:
        book(who, cafe)
    else:
        with pytest.raises(bookings.AgentMayNotBook):
            book(who, cafe)


def test_twenty_open_bookings_are_the_most_and_overdue_ones_do_not_count(alice: UUID) -> None:
    found = places(*(f"Cafe {number}" for number in range(21)))
    first = [book(alice, place) for place in found[:20]]
    with pytest.raises(bookings.TooManyBookings):
        book(alice, found[20])
    with transaction():
        bookings.release(first[0], by=SOMEBODY, now=NOW)
    book(alice, found[20])
    book(alice, found[0], NOW + 14 * DAY)


def test_a_connected_place_is_nobodys_to_book(alice: UUID, cafe: sa.Row[Any]) -> None:
    with transaction():
        catalogue.mark_connected(cafe.claim_group_id, at=NOW)
    with pytest.raises(bookings.AlreadyConnected):
        book(alice, cafe)


def test_who_held_a_place_at_a_moment_is_known_afterwards(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    first = book(alice, cafe)
    with transaction():
        bookings.release(first, by=SOMEBODY, now=NOW + DAY)
    second = book(bob, cafe, NOW + 2 * DAY)

    def holder(at: dt.datetime) -> UUID | None:
        found = bookings.open_on(cafe.claim_group_id, at=at)
        return found.id if found else None

    moments = (NOW - DAY, NOW, NOW + DAY, NOW + 2 * DAY, NOW + 15 * DAY, NOW + 16 * DAY)
    assert [holder(at) for at in moments] == [None, first, None, second, second, None]


def test_a_strangers_booking_does_not_exist(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    reference = bookings.get(book(alice, cafe)).reference
    assert bookings.find_for_agent(alice, reference.lower()).reference == reference
    with pytest.raises(NotFound):
        bookings.find_for_agent(bob, reference)
    assert bookings.of_agent(bob).count() == 0
    assert bookings.of_agent(alice, state="open").count() == 1


def test_bookings_are_found_by_place_code_and_state(alice: UUID, bob: UUID) -> None:
    aino, kide = places("Cafe Aino", "Salon Kide")
    mine, theirs = book(alice, aino), book(bob, kide, NOW + DAY)
    with transaction():
        bookings.move_stage(theirs, "lost", by=SOMEBODY, now=NOW + DAY)

    def found(**filters: Any) -> list[UUID]:
        return [booking.id for booking in bookings.search(**filters).page().rows]

    assert found() == [theirs, mine]
    assert found(q="aino") == found(q=code_of(alice).lower()) == found(state="open") == [mine]
    assert found(state="lost") == found(state="ended") == found(q="kide") == [theirs]
    assert found(stage="meeting") == []
    assert found(sort="oldest") == [mine, theirs]


def test_the_catalogue_tells_what_is_free_booked_and_connected(alice: UUID) -> None:
    free, booked, connected, overdue = places("A free", "B booked", "C connected", "D overdue")
    reference = bookings.get(book(alice, booked)).reference
    book(alice, overdue, NOW - 14 * DAY)
    with transaction():
        catalogue.mark_connected(connected.claim_group_id, at=NOW)
    listed = bookings.search_places(now=NOW).page().rows
    assert [(place.name, place.state) for place in listed] == [
        ("A free", "free"), ("B booked", "booked"), ("C connected", "connected"), ("D overdue", "free"),
    ]  # fmt: skip
    assert (listed[1].booking_reference, listed[1].agent_code) == (reference, code_of(alice))
    for state, names in {"free": 2, "booked": 1, "connected": 1}.items():
        assert bookings.search_places(now=NOW, state=state).count() == names
    assert [place.name for place in bookings.search_places(now=NOW, q="conn", kind="cafe").page().rows] == [
        "C connected"
    ]
    assert bookings.search_places(now=NOW, city="Espoo").count() == 0
    assert (
        free.reference == bookings.search_places(now=NOW, sort="newest").page(4, per_page=1).rows[0].reference
    )


def test_sorts_only_name_columns_that_exist(alice: UUID, cafe: sa.Row[Any]) -> None:
    book(alice, cafe)
    for sort in bookings.SORTS:
        assert bookings.search(sort=sort).page().total == 1
    for sort in bookings.PLACE_SORTS:
        assert bookings.search_places(now=NOW, sort=sort).page().total == 1
