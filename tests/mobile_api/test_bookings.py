"""POST and DELETE /establishments/<reference>/booking; GET and PATCH /bookings."""

import datetime as dt

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from erp.domain import agents
from erp.kernel import clock, idempotency
from erp.kernel.db import scalar
from erp.kernel.transaction import transaction
from tests.mobile_api.conftest import TESTS, Caller, move_clock, signed_in


def _book(agent: Caller, place: str, key: str | None = None) -> TestResponse:
    headers = {"Idempotency-Key": key} if key else {}
    return agent.post(f"/establishments/{place}/booking", headers=headers)


def _number_of_bookings(app: Flask) -> int:
    with app.app_context():
        return scalar("select count(*) from booking")  # type: ignore[no-any-return]


def test_booking_gives_the_agent_the_place_for_a_time(alice: Caller, places: list[str]) -> None:
    answer = _book(alice, places[0])
    assert answer.status_code == 201
    booking = answer.json
    assert booking["establishment"] == {"reference": places[0], "name": "Cafe Aino"}
    assert (booking["stage"], booking["ended_at"], booking["ending"]) == ("booked", None, None)
    assert booking["expires_at"] > booking["booked_at"]
    assert alice.get(f"/bookings/{booking['reference']}").json == booking
    assert alice.get("/bookings").json["items"] == [booking]


def test_what_is_booked_cannot_be_booked_again(alice: Caller, bob: Caller, places: list[str]) -> None:
    _book(alice, places[0])
    for agent in (alice, bob):
        answer = _book(agent, places[0])
        assert (answer.status_code, answer.json["code"]) == (409, "already_booked")


def test_the_same_key_is_answered_as_the_first_time(app: Flask, alice: Caller, places: list[str]) -> None:
    first, again = _book(alice, places[0], "one"), _book(alice, places[0], "one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert _number_of_bookings(app) == 1


def test_the_same_key_for_another_place_is_refused(app: Flask, alice: Caller, places: list[str]) -> None:
    _book(alice, places[0], "one")
    answer = _book(alice, places[1], "one")
    assert (answer.status_code, answer.json["code"]) == (409, "idempotency_key_reused")
    assert _number_of_bookings(app) == 1


def test_keys_of_different_agents_have_nothing_to_do_with_each_other(
    alice: Caller, bob: Caller, places: list[str]
) -> None:
    assert _book(alice, places[0], "one").status_code == 201
    assert _book(bob, places[1], "one").status_code == 201


def test_after_a_refusal_the_same_key_may_be_tried_again(
    alice: Caller, bob: Caller, places: list[str]
) -> None:
    _book(bob, places[0])
    assert _book(alice, places[0], "one").status_code == 409
    bob.delete(f"/establishments/{places[0]}/booking")
    assert _book(alice, places[0], "one").status_code == 201


def test_a_key_is_remembered_for_thirty_days(app: Flask, alice: Caller, places: list[str]) -> None:
    _book(alice, places[0], "one")
    with app.app_context(), transaction():
        assert idempotency.forget(now=clock.now() + dt.timedelta(days=29)) == 0
        assert idempotency.forget(now=clock.now() + dt.timedelta(days=31)) == 1
    assert _book(alice, places[1], "one").status_code == 201


def test_a_key_that_is_no_key_is_refused(alice: Caller, places: list[str], subtests: pytest.Subtests) -> None:
    for key in ["", "x" * 101, "with space"]:
        with subtests.test(key=key):
            answer = alice.post(f"/establishments/{places[0]}/booking", headers={"Idempotency-Key": key})
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == ["Idempotency-Key"]


def test_a_place_that_does_not_exist_cannot_be_booked(alice: Caller) -> None:
    assert _book(alice, "EST-00000000").status_code == 404
    assert _book(alice, "EST%00").status_code == 422


def test_a_suspended_agent_cannot_book(app: Flask, alice: Caller, places: list[str]) -> None:
    reference = alice.get("/me").json["reference"]
    with app.app_context(), transaction():
        agents.suspend(agents.find(reference).id, "a test", by=TESTS, now=clock.now())
    answer = _book(alice, places[0])
    assert (answer.status_code, answer.json["code"]) == (403, "agent_may_not_book")


def test_a_released_place_is_free_again(alice: Caller, bob: Caller, places: list[str]) -> None:
    booking = _book(alice, places[0]).json
    answer = alice.delete(f"/establishments/{places[0]}/booking")
    assert (answer.status_code, answer.data) == (204, b"")
    assert alice.get(f"/bookings/{booking['reference']}").json["ending"] == "released"
    assert _book(bob, places[0]).status_code == 201


def test_only_the_holder_can_release(alice: Caller, bob: Caller, places: list[str]) -> None:
    _book(alice, places[0])
    assert bob.delete(f"/establishments/{places[0]}/booking").status_code == 404
    assert bob.delete(f"/establishments/{places[1]}/booking").status_code == 404
    assert alice.get(f"/establishments/{places[0]}").json["state"] == "booked"


def test_an_overdue_booking_gives_way(app: Flask, alice: Caller, places: list[str]) -> None:
    booking = _book(alice, places[0]).json
    move_clock(app, days=15)
    bob = signed_in(app, "+79012345602", "Bob Petrov")
    assert _book(bob, places[0]).status_code == 201
    with app.app_context():
        ending = scalar("select ending from booking where reference = :r", r=booking["reference"])
    assert ending == "expired"


def test_a_booking_moves_through_its_stages(alice: Caller, places: list[str]) -> None:
    path = f"/bookings/{_book(alice, places[0]).json['reference']}"
    for stage in ("contacted", "meeting", "agreed"):
        answer = alice.patch(path, {"stage": stage})
        assert (answer.status_code, answer.json["stage"]) == (200, stage)


def test_a_lost_booking_ends_and_moves_no_more(alice: Caller, places: list[str]) -> None:
    path = f"/bookings/{_book(alice, places[0]).json['reference']}"
    assert alice.patch(path, {"stage": "lost"}).json["ending"] == "lost"
    answer = alice.patch(path, {"stage": "contacted"})
    assert (answer.status_code, answer.json["code"]) == (409, "booking_ended")


def test_a_stage_that_does_not_follow_is_refused(alice: Caller, places: list[str]) -> None:
    path = f"/bookings/{_book(alice, places[0]).json['reference']}"
    alice.patch(path, {"stage": "agreed"})
    answer = alice.patch(path, {"stage": "agreed"})
    assert (answer.status_code, answer.json["code"]) == (409, "booking_stage")


def test_a_stage_that_is_none_is_refused(alice: Caller, places: list[str], subtests: pytest.Subtests) -> None:
    path = f"/bookings/{_book(alice, places[0]).json['reference']}"
    for body in [{}, {"stage": "connected"}, {"stage": "booked"}, {"stage": 1}, {"stage": None}]:
        with subtests.test(body=body):
            answer = alice.patch(path, body)
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == ["stage"]


def test_a_strangers_booking_does_not_exist(alice: Caller, bob: Caller, places: list[str]) -> None:
    path = f"/bookings/{_book(alice, places[0]).json['reference']}"
    assert bob.get(path).status_code == 404
    assert bob.patch(path, {"stage": "lost"}).status_code == 404
    assert bob.get("/bookings").json["items"] == []


def test_bookings_are_filtered_by_state(alice: Caller, places: list[str]) -> None:
    _book(alice, places[0])
    _book(alice, places[1])
    alice.delete(f"/establishments/{places[0]}/booking")
    assert len(alice.get("/bookings?state=open").json["items"]) == 1
    assert len(alice.get("/bookings?state=released").json["items"]) == 1
    assert len(alice.get("/bookings?state=ended&limit=1").json["items"]) == 1
    assert alice.get("/bookings?state=gone").status_code == 422


def test_nobody_books_without_signing_in(stranger: Caller, product: Caller, places: list[str]) -> None:
    for caller in (stranger, product):
        assert _book(caller, places[0]).status_code == 401
        assert caller.delete(f"/establishments/{places[0]}/booking").status_code == 401
        assert caller.get("/bookings").status_code == 401
        assert caller.get("/bookings/BKG-00000000").status_code == 401
        assert caller.patch("/bookings/BKG-00000000", {"stage": "lost"}).status_code == 401
