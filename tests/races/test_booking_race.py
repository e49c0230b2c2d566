"""Fifty want one place; the database decides."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import psycopg
import pytest

from erp.up import Instance
from tests.simulators.running import eventually

TRIES = 50
PHONES = itertools.count(79_015_550_001)


@pytest.fixture(scope="module")
def places(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """References of places of this module's own."""
    file = tmp_path_factory.mktemp("race") / "places.csv"
    file.write_text(
        "id,name,city\n" + "".join(f"{number},Racing place {number},Racetown\n" for number in range(3))
    )
    assert instance.ref("import", "establishments", str(file), "--source", "race") == 0
    agent = sign_in(instance)
    found = agent.get("/establishments", params={"city": "Racetown"}).json()["items"]
    return [place["reference"] for place in found if place["state"] == "free"]


@pytest.fixture(scope="module")
def agents(instance: Instance) -> list[httpx.Client]:
    return [sign_in(instance) for _ in range(5)]


def sign_in(instance: Instance) -> httpx.Client:
    """A new agent, signed in with the code from the SMS simulator's inbox."""
    phone = f"+{next(PHONES)}"
    client = httpx.Client(base_url=f"{instance.url}/api/v1", timeout=60, trust_env=False)
    assert client.post("/auth/codes", json={"phone": phone}).status_code == 204
    code = eventually(lambda: _newest_code(instance, phone), 30)
    session = client.post("/auth/sessions", json={"phone": phone, "code": code, "name": "Racer"}).json()
    client.headers["Authorization"] = f"Bearer {session['access_token']}"
    return client


def _newest_code(instance: Instance, phone: str) -> str | None:
    url = f"{instance.env['REF_SMS_URL']}/inbox.json"
    found = re.search(r"(\d{6}) is your code", httpx.get(url, params={"to": phone}, trust_env=False).text)
    return found and found[1]


def all_at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    start = Barrier(len(calls))

    def call(one: Callable[[], httpx.Response]) -> httpx.Response:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def test_fifty_requests_at_once_make_one_booking_and_49_refusals(
    instance: Instance, agents: list[httpx.Client], places: list[str]
) -> None:
    assert int(instance.env.get("REF_WEB_PROCESSES", "2")) >= 2
    path = f"/establishments/{places.pop()}/booking"
    callers = itertools.islice(itertools.cycle(agents), TRIES)
    answers = all_at_once([lambda agent=agent: agent.post(path) for agent in callers])
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: TRIES - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_booked"}
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert _open_bookings(instance, made["establishment"]["reference"]) == 1


def test_one_request_sent_twenty_times_at_once_is_done_once_and_answered_alike(
    instance: Instance, agents: list[httpx.Client], places: list[str]
) -> None:
    path = f"/establishments/{places.pop()}/booking"
    headers = {"Idempotency-Key": "sent-twenty-times"}
    answers = all_at_once([lambda: agents[0].post(path, headers=headers)] * 20)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 19}


def _open_bookings(instance: Instance, place: str) -> int:
    with psycopg.connect(instance.urls["SUPERUSER_URL"], dbname="ref") as connection:
        counted = connection.execute(
            """select count(*) from booking b join establishment e on e.claim_group_id = b.claim_group_id
               where e.reference = %s and b.ended_at is null""",
            [place],
        ).fetchone()
    assert counted is not None
    return int(counted[0])
