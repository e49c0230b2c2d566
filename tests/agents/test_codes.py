"""One-time codes: asked for, sent once, tried a few times, used once, forgotten."""

import datetime as dt
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask

from erp import config
from erp.domain import agents
from erp.kernel import clock
from erp.kernel.db import rows, scalar
from erp.kernel.errors import Invalid
from erp.kernel.personal import reveal
from erp.kernel.transaction import transaction
from tests.simulators.conftest import start_sms  # noqa: F401  # the fixture that starts a gateway
from tests.simulators.running import Simulator
from tests.support import cast
from tests.support.cast import NOW, at_once, login_code

PHONE = "+79161234567"
MINUTE = dt.timedelta(minutes=1)


def ask(now: dt.datetime, phone: str = PHONE) -> None:
    with transaction():
        agents.request_code(phone, now=now)


def sign_in(code: str, now: dt.datetime = NOW) -> agents.Session:
    with transaction():
        return agents.sign_in(PHONE, code, name="Ivan Petrov", now=now)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_next_code_must_be_waited_for_a_minute(context: None) -> None:
    ask(NOW)
    with pytest.raises(agents.TooManyCodes) as refusal:
        ask(NOW + dt.timedelta(seconds=50))
    assert refusal.value.details == {"retry_after": 11}
    ask(NOW + MINUTE)
    ask(NOW, "+79161234568")


def test_an_hour_has_five_codes(context: None) -> None:
    for number in range(5):
        ask(NOW + number * 2 * MINUTE)
    with pytest.raises(agents.TooManyCodes):
        ask(NOW + 30 * MINUTE)
    ask(NOW + 60 * MINUTE)


def test_requests_at_the_same_moment_yield_one_code(app: Flask) -> None:
    answers = at_once(app, lambda _: agents.request_code(PHONE, now=NOW), list(range(10)))
    refused = [answer for answer in answers if isinstance(answer, agents.TooManyCodes)]
    assert len(refused) == 9
    with app.app_context():
        assert scalar("select count(*) from login_code") == 1


def test_what_is_no_phone_gets_no_code(context: None) -> None:
    with pytest.raises(Invalid):
        ask(NOW, "12345")


def test_a_code_opens_within_five_minutes_and_once(context: None) -> None:
    code = login_code(PHONE)
    late = NOW + 5 * MINUTE
    with pytest.raises(agents.WrongCode):
        sign_in(code, late)
    assert sign_in(f" {code} ", late - dt.timedelta(seconds=1)).registered
    with pytest.raises(agents.WrongCode):
        sign_in(code)


def test_only_the_newest_code_opens(context: None) -> None:
    old = login_code(PHONE)
    new = login_code(PHONE, NOW + MINUTE)
    if old != new:
        with pytest.raises(agents.WrongCode):
            sign_in(old, NOW + MINUTE)
    assert sign_in(new, NOW + MINUTE).registered


def test_the_sixth_attempt_is_refused_even_when_it_is_right(context: None) -> None:
    code = login_code(PHONE)
    for _ in range(5):
        with pytest.raises(agents.WrongCode):
            sign_in(other(code))
    with pytest.raises(agents.WrongCode):
        sign_in(code)


def test_attempts_at_the_same_moment_are_all_counted(app: Flask) -> None:
    with app.app_context():
        code = login_code(PHONE)

    def attempt(guess: str) -> agents.Session:
        return agents.sign_in(PHONE, guess, now=NOW)

    guesses = [f"{(int(code) + step) % 1_000_000:06}" for step in range(1, 41)]
    answers = at_once(app, attempt, guesses)
    assert {type(answer) for answer in answers} == {agents.WrongCode}
    with app.app_context():
        assert scalar("select attempts from login_code") == 5


def test_one_code_used_by_two_at_once_opens_once(app: Flask) -> None:
    with app.app_context():
        code = login_code(PHONE)

    def use(_: int) -> agents.Session:
        return agents.sign_in(PHONE, code, now=NOW)

    answers = at_once(app, use, [1, 2, 3, 4])
    assert sum(isinstance(answer, agents.Session) for answer in answers) == 1
    with app.app_context():
        assert scalar("select count(*) from agent") == 1


def test_neither_code_nor_phone_can_be_read_from_the_table(
    context: None, superuser: psycopg.Connection
) -> None:
    code = login_code(PHONE)
    kept = superuser.execute("select login_code::text from login_code").fetchone()
    assert kept is not None
    for secret in (code, PHONE):
        assert secret not in kept[0]
        assert secret.encode().hex() not in kept[0]


def test_a_used_code_is_wiped(context: None, superuser: psycopg.Connection) -> None:
    sign_in(login_code(PHONE))
    assert superuser.execute("select code_cipher, phone_cipher from login_code").fetchall() == [(None, None)]


def test_old_codes_are_forgotten_with_those_who_never_came(context: None) -> None:
    stays = cast.agent(1)
    login_code(PHONE)
    with transaction():
        assert agents.forget_codes(now=NOW + dt.timedelta(hours=23)) == 0
    with transaction():
        assert agents.forget_codes(now=NOW + dt.timedelta(hours=25)) == 2
    assert scalar("select count(*) from login_code") == 0
    assert [person for (person,) in rows("select person_id from person_key")] == [stays]
    assert agents.profile(stays).phone == cast.phone(1)


@pytest.fixture
def gateway(
    app: Flask,
    start_sms: Callable[[], Simulator],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Simulator]:
    """An SMS gateway that this process is configured for."""
    started = start_sms()
    monkeypatch.setenv("REF_SMS_URL", started.url)
    monkeypatch.setenv("REF_SMS_TOKEN", "sms-token")
    config.get.cache_clear()
    yield started
    monkeypatch.undo()
    config.get.cache_clear()


def test_the_job_sends_a_code_once_and_an_expired_one_never(
    context: None, work: Callable[[], None], gateway: Simulator
) -> None:
    now = clock.now()
    ask(now)
    ask(now - 10 * MINUTE, "+79161234568")
    work()
    texts = gateway.http.get("/inbox.json").json()["messages"]
    assert [text["to"] for text in texts] == [PHONE]
    assert sign_in(texts[0]["text"][:6], now).registered
    assert scalar("select count(*) from outbox where job = 'erp.jobs.agents.send_code'") == 0


def test_a_person_who_asks_twice_is_one_person(context: None) -> None:
    login_code(PHONE)
    code = login_code(PHONE, NOW + MINUTE)
    assert scalar("select count(*) from person_key") == 1
    agent_id = sign_in(code, NOW + MINUTE).agent_id
    login_code(PHONE, NOW + 10 * MINUTE)
    assert scalar("select count(*) from person_key") == 1
    cipher = scalar("select phone_cipher from agent")
    assert reveal(agent_id, cipher) == PHONE
