"""Access tokens are short, refresh tokens good once, and a thief is noticed."""

import datetime as dt

import psycopg
import pytest
from flask import Flask

from erp.domain import agents
from erp.kernel.db import scalar
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY, at_once, login_code

PHONE = "+79161234567"
QUARTER = dt.timedelta(minutes=15)


@pytest.fixture
def session(context: None) -> agents.Session:
    code = login_code(PHONE)
    with transaction():
        return agents.sign_in(PHONE, code, now=NOW)


def refresh(token: str, now: dt.datetime = NOW) -> agents.Session:
    with transaction():
        return agents.refresh(token, now=now)


def test_an_access_token_names_its_agent_for_fifteen_minutes(session: agents.Session) -> None:
    found = agents.agent_of(session.access_token, now=NOW + QUARTER - dt.timedelta(seconds=1))
    assert (found.id, found.state) == (session.agent_id, "pending")
    with pytest.raises(agents.SessionOver):
        agents.agent_of(session.access_token, now=NOW + QUARTER)
    with pytest.raises(agents.SessionOver):
        agents.agent_of("refa_nonsense", now=NOW)


def test_a_refresh_token_outlives_a_clock_moved_by_a_hold_and_not_a_month(session: agents.Session) -> None:
    later = NOW + dt.timedelta(days=14)
    renewed = refresh(session.refresh_token, later)
    assert agents.agent_of(renewed.access_token, now=later).id == session.agent_id
    with pytest.raises(agents.SessionOver):
        refresh(renewed.refresh_token, later + dt.timedelta(days=30))


def test_a_token_used_twice_ends_the_session_of_both(session: agents.Session) -> None:
    honest = refresh(session.refresh_token)
    with pytest.raises(agents.SessionOver):
        refresh(session.refresh_token)
    with pytest.raises(agents.SessionOver):
        agents.agent_of(honest.access_token, now=NOW)
    with pytest.raises(agents.SessionOver):
        refresh(honest.refresh_token)
    assert scalar("select ending from agent_session") == "token_reused"


def test_of_two_who_refresh_at_once_at_most_one_gets_in_and_then_neither_stays(
    app: Flask, session: agents.Session
) -> None:
    answers = at_once(app, lambda token: agents.refresh(token, now=NOW), [session.refresh_token] * 2)
    assert sum(isinstance(answer, agents.Session) for answer in answers) == 1
    assert scalar("select count(*) from agent_session where ended_at is null") == 0


def test_signing_out_ends_one_device(session: agents.Session) -> None:
    code = login_code(PHONE, NOW + QUARTER)
    with transaction():
        second = agents.sign_in(PHONE, code, now=NOW + QUARTER)
    device = agents.agent_of(second.access_token, now=NOW + QUARTER).session_id
    with transaction():
        agents.sign_out(device, now=NOW + QUARTER)
    with pytest.raises(agents.SessionOver):
        agents.agent_of(second.access_token, now=NOW + QUARTER)
    assert refresh(session.refresh_token, NOW + QUARTER).agent_id == session.agent_id


def test_sessions_that_are_over_are_forgotten_and_those_that_are_not_are_kept(
    session: agents.Session,
) -> None:
    later = NOW + dt.timedelta(days=20)
    used = refresh(session.refresh_token, later)
    with transaction():
        assert agents.forget_sessions(now=NOW + dt.timedelta(days=31)) == 0
    assert scalar("select count(*) from refresh_token") == 1
    assert refresh(used.refresh_token, NOW + dt.timedelta(days=49)).agent_id == session.agent_id
    with transaction():
        assert agents.forget_sessions(now=NOW + dt.timedelta(days=80)) == 1
    assert scalar("select count(*) from refresh_token") == 0


def test_tokens_are_kept_as_hashes(session: agents.Session, superuser: psycopg.Connection) -> None:
    kept = superuser.execute(
        "select (select string_agg(agent_session::text, '') from agent_session)"
        " || (select string_agg(refresh_token::text, '') from refresh_token)"
    ).fetchone()
    assert kept is not None
    for token in (session.access_token, session.refresh_token):
        assert token not in kept[0]
        assert token.encode().hex() not in kept[0]


def test_a_closed_agent_is_signed_out_and_stays_out(session: agents.Session) -> None:
    with transaction():
        agents.close(session.agent_id, by=SOMEBODY, now=NOW)
    with pytest.raises(agents.SessionOver):
        agents.agent_of(session.access_token, now=NOW)
    code = login_code(PHONE, NOW + QUARTER)
    with pytest.raises(agents.AgentClosed), transaction():
        agents.sign_in(PHONE, code, now=NOW + QUARTER)


def test_a_suspended_agent_may_still_look(context: None) -> None:
    cast.agent(1, state="suspended")
    code = login_code(cast.phone(1), NOW + QUARTER)
    with transaction():
        session = agents.sign_in(cast.phone(1), code, now=NOW + QUARTER)
    assert agents.agent_of(session.access_token, now=NOW + QUARTER).state == "suspended"
