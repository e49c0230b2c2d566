"""GET /establishments and GET /establishments/<reference>."""

import pytest
from werkzeug.test import TestResponse

from tests.mobile_api.conftest import PLACES, Caller


def _names(answer: TestResponse) -> list[str]:
    return [place["name"] for place in answer.json["items"]]


def test_everything_is_listed_free_before_anybody_books(alice: Caller, places: list[str]) -> None:
    answer = alice.get("/establishments")
    assert answer.status_code == 200
    assert sorted(_names(answer)) == sorted(PLACES)
    assert {place["state"] for place in answer.json["items"]} == {"free"}
    assert answer.json["next"] is None


def test_words_of_the_name_find_a_place(alice: Caller, places: list[str]) -> None:
    assert _names(alice.get("/establishments?q=aino")) == ["Cafe Aino"]
    assert _names(alice.get(f"/establishments?q={places[1].lower()}")) == ["Ravintola Koti"]
    assert _names(alice.get("/establishments?q=nowhere")) == []


def test_city_and_kind_filter(alice: Caller, places: list[str], subtests: pytest.Subtests) -> None:
    for filter, number in [("city=Helsinki", 3), ("city=Espoo", 0), ("kind=cafe", 3)]:
        with subtests.test(filter=filter, number=number):
            assert len(_names(alice.get(f"/establishments?{filter}"))) == number


def test_state_filters_and_only_the_holder_sees_the_booking(
    alice: Caller, bob: Caller, places: list[str]
) -> None:
    booking = alice.post(f"/establishments/{places[0]}/booking").json
    assert len(_names(alice.get("/establishments?state=free"))) == 2
    mine = alice.get("/establishments?state=booked").json["items"][0]
    theirs = bob.get("/establishments?state=booked").json["items"][0]
    assert mine["booking"] == booking["reference"]
    assert theirs["booking"] is None
    assert mine["booked_until"] == theirs["booked_until"] == booking["expires_at"]


def test_pages_follow_one_another_without_overlap(alice: Caller, places: list[str]) -> None:
    seen, path = [], "/establishments?limit=2"
    answer = alice.get(path)
    seen += _names(answer)
    while answer.json["next"]:
        answer = alice.get(f"{path}&cursor={answer.json['next']}")
        seen += _names(answer)
    assert sorted(seen) == sorted(PLACES)


def test_a_cursor_is_refused_by_another_list(
    alice: Caller, places: list[str], subtests: pytest.Subtests
) -> None:
    cursor = alice.get("/establishments?limit=2").json["next"]
    for change in ["limit=1", "limit=2&q=cafe", "limit=2&city=Helsinki"]:
        with subtests.test(change=change):
            answer = alice.get(f"/establishments?{change}&cursor={cursor}")
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == ["cursor"]


def test_a_cursor_that_we_never_gave_is_refused(alice: Caller, subtests: pytest.Subtests) -> None:
    for cursor in ["x", "WzFd.AAAA", "%00", "ё"]:
        with subtests.test(cursor=cursor):
            assert alice.get(f"/establishments?cursor={cursor}").status_code == 422


def test_values_out_of_range_are_refused(alice: Caller, subtests: pytest.Subtests) -> None:
    for query in ["limit=0", "limit=101", "limit=x", "state=gone", "q=%00", f"q={'x' * 201}"]:
        with subtests.test(query=query):
            answer = alice.get(f"/establishments?{query}")
            assert answer.status_code == 422
            assert list(answer.json["fields"]) == [query.partition("=")[0]]


def test_one_place_shows_its_state(alice: Caller, bob: Caller, places: list[str]) -> None:
    assert alice.get(f"/establishments/{places[0]}").json["state"] == "free"
    booking = alice.post(f"/establishments/{places[0]}/booking").json
    mine, theirs = (agent.get(f"/establishments/{places[0]}").json for agent in (alice, bob))
    assert (mine["state"], mine["booking"]) == ("booked", booking["reference"])
    assert (theirs["state"], theirs["booking"]) == ("booked", None)


def test_an_unknown_place_is_not_found(alice: Caller) -> None:
    answer = alice.get("/establishments/EST-00000000")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_an_unchanged_place_is_not_sent_again(alice: Caller, places: list[str]) -> None:
    first = alice.get(f"/establishments/{places[0]}")
    again = alice.get(f"/establishments/{places[0]}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    alice.post(f"/establishments/{places[0]}/booking")
    changed = alice.get(f"/establishments/{places[0]}", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_nobody_sees_the_catalogue_without_signing_in(stranger: Caller, product: Caller) -> None:
    for caller in (stranger, product):
        assert caller.get("/establishments").status_code == 401
        assert caller.get("/establishments/EST-00000000").status_code == 401
