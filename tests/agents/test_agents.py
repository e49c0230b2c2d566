"""What an agent says of themselves, what staff decide, and how an agent is found."""

import datetime as dt
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from erp.domain import agents
from erp.kernel import audit
from erp.kernel.db import execute, rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY, agent, code_of, phone

LATER = NOW + dt.timedelta(days=1)
DEEDS = {
    "active": lambda id: agents.activate(id, by=SOMEBODY, now=LATER),
    "suspended": lambda id: agents.suspend(id, "complaints", by=SOMEBODY, now=LATER),
    "closed": lambda id: agents.close(id, by=SOMEBODY, now=LATER),
}


def test_a_new_agent_is_pending_with_a_code_for_life(context: None) -> None:
    id = agent(1, name="  Alice   Ivanova ", state="pending")
    profile = agents.profile(id)
    assert (profile.state, profile.name, profile.phone) == ("pending", "Alice Ivanova", phone(1))
    assert len(profile.code) == 6
    assert profile.registered_at == NOW


def test_a_code_is_found_in_any_spelling(context: None) -> None:
    id = agent(1)
    code = code_of(id)
    for written in (code.lower(), f" {code[:3]}-{code[3:]} ", code.replace("0", "o").replace("1", "l")):
        found = agents.by_code(written)
        assert found is not None
        assert found.id == id
    assert agents.by_code("") is None
    assert agents.by_code("' or true --") is None


def test_what_an_agent_tells_of_themselves_is_kept_encrypted(
    context: None, superuser: psycopg.Connection
) -> None:
    id = agent(1)
    told = {"name": "Alice Smirnova", "email": "alice@mail.ru", "inn": "500100732259"}
    with transaction():
        agents.update_profile(id, **told, by=SOMEBODY, now=NOW)
        agents.update_profile(id, bank_member_id="100000000004", bank_name="T-Bank", by=SOMEBODY, now=NOW)
    profile = agents.profile(id)
    assert (profile.name, profile.email, profile.inn) == tuple(told.values())
    assert (profile.bank_member_id, profile.bank_name) == ("100000000004", "T-Bank")
    assert (profile.masked_name, profile.masked_email, profile.masked_inn) == (
        "Alice S.", "a•••@mail.ru", "••••••••2259",
    )  # fmt: skip
    kept = superuser.execute(
        "select agent::text || (select string_agg(details::text, '') from audit_entry) from agent"
    )
    text = kept.fetchone()[0]  # type: ignore[index]
    for secret in (*told.values(), phone(1)):
        assert secret not in text
        assert secret.encode().hex() not in text


def test_a_value_is_left_alone_by_none_and_removed_by_nothing(context: None) -> None:
    id = agent(1)
    with transaction():
        agents.update_profile(id, email="alice@mail.ru", by=SOMEBODY, now=NOW)
        agents.update_profile(id, name="Alice", by=SOMEBODY, now=NOW)
    assert agents.profile(id).email == "alice@mail.ru"
    with transaction():
        agents.update_profile(id, email="", by=SOMEBODY, now=NOW)
    assert agents.profile(id).email is None
    assert rows("select email_hash from agent") == [(None,)]


@pytest.mark.parametrize(
    "wrong", [{"email": "alice"}, {"inn": "123"}, {"bank_member_id": "1"}, {"bank_name": "T-Bank"}]
)
def test_a_value_that_cannot_be_is_refused(context: None, wrong: dict[str, str]) -> None:
    id = agent(1)
    with pytest.raises(Invalid) as refusal, transaction():
        agents.update_profile(id, **wrong, by=SOMEBODY, now=NOW)  # type: ignore[arg-type]
    assert refusal.value.fields


def test_an_erased_person_leaves_no_personal_data(context: None) -> None:
    id = agent(1)
    with transaction():
        execute("delete from person_key where person_id = :id", id=id)
    profile = agents.profile(id)
    assert (profile.name, profile.phone) == (None, None)
    assert profile.code


@pytest.mark.parametrize("before", agents.STATES)
@pytest.mark.parametrize("after", DEEDS)
def test_a_state_follows_only_where_the_table_allows(context: None, before: str, after: str) -> None:
    allowed = {
        ("pending", "active"), ("pending", "suspended"), ("pending", "closed"), ("active", "suspended"),
        ("active", "closed"), ("suspended", "active"), ("suspended", "closed"),
    }  # fmt: skip
    id = agent(1, state=before)
    if (before, after) in allowed:
        with transaction():
            DEEDS[after](id)
        assert agents.profile(id).state == after
    else:
        with pytest.raises(agents.IllegalMove), transaction():
            DEEDS[after](id)
        assert agents.profile(id).state == before


def test_a_suspension_has_a_reason_and_leaves_none_when_lifted(context: None) -> None:
    id = agent(1)
    with pytest.raises(Invalid), transaction():
        agents.suspend(id, "  ", by=SOMEBODY, now=NOW)
    with transaction():
        agents.suspend(id, "complaints", by=SOMEBODY, now=NOW)
    assert agents.profile(id).suspension_reason == "complaints"
    with transaction():
        agents.activate(id, by=SOMEBODY, now=LATER)
    profile = agents.profile(id)
    assert (profile.suspension_reason, profile.suspended_at, profile.activated_at) == (None, None, NOW)
    jobs = [subject for (subject,) in rows("select subject from outbox where job like '%frozen_of_agent'")]
    assert jobs == [str(id)]


def test_every_deed_is_in_the_audit_log(context: None) -> None:
    id = agent(1)
    with transaction():
        agents.suspend(id, "complaints", by=SOMEBODY, now=NOW)
        agents.close(id, by=SOMEBODY, now=NOW)
    assert [entry.action for entry in audit.history("agent", id)] == [
        "agent.registered", "agent.signed_in", "agent.activated", "agent.suspended", "agent.closed",
    ]  # fmt: skip


def test_a_change_that_leaves_no_audit_row_is_refused(context: None) -> None:
    agent(1)
    with pytest.raises(IntegrityError, match="without an audit row"), transaction():
        execute("update agent set bank_member_id = '1', bank_name = 'mine'")


def test_agents_are_found_by_code_reference_or_exact_phone(context: None) -> None:
    alice, bob = agent(1), agent(2, name="Bob", state="pending")
    assert [found.id for found in agents.search().page().rows] == [bob, alice]
    for q in (code_of(alice).lower(), agents.profile(alice).reference.lower(), "8 901 000-00-01"):
        assert [found.id for found in agents.search(q=q).page().rows] == [alice]
    assert agents.search(q="+7901000000").count() == 0
    assert [found.name for found in agents.search(state="pending").page().rows] == ["Bob"]
    page = agents.search(sort="oldest").page(2, per_page=1)
    assert ([found.id for found in page.rows], page.total, page.pages) == ([bob], 2, 2)


def test_a_stranger_is_not_found(context: None) -> None:
    with pytest.raises(NotFound):
        agents.find("AGT-00000000")
    with pytest.raises(NotFound):
        agents.profile(uuid4())
    with pytest.raises(NotFound), transaction():
        agents.activate(uuid4(), by=SOMEBODY, now=NOW)


def test_a_code_that_is_taken_is_not_given_again(context: None, superuser: psycopg.Connection) -> None:
    codes = {code_of(agent(number)) for number in range(1, 21)}
    assert len(codes) == 20
    with pytest.raises(psycopg.errors.UniqueViolation):
        superuser.execute("update agent set code = %s", [cast.code_of(agents.search().page().rows[0].id)])
