"""A customer signs up and is attributed once."""

import datetime as dt
import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import agents, bookings, catalogue, integrations, programmes, referrals
from erp.kernel import audit
from erp.kernel.db import execute, row, rows, scalar
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.transaction import transaction
from tests.support import cast
from tests.support.cast import NOW, SOMEBODY, agent, code_of, phone, places, sign_up

DAY = dt.timedelta(days=1)


@pytest.fixture
def terms(context: None) -> UUID:
    return cast.programme()


@pytest.fixture
def alice(terms: UUID) -> UUID:
    return agent(1)


@pytest.fixture
def bob(terms: UUID) -> UUID:
    return agent(2, name="Bob Petrov")


@pytest.fixture
def cafe(context: None) -> sa.Row[Any]:
    return places("Cafe Aino")[0]


def book(who: UUID, place: sa.Row[Any], now: dt.datetime = NOW) -> str:
    with transaction():
        made: str = bookings.book(who, place.id, by=SOMEBODY, now=now).reference
    return made


def click(who: UUID, now: dt.datetime = NOW) -> str:
    with transaction():
        token = referrals.record_click(code_of(who), now=now)
    assert token is not None
    return token


def test_an_open_booking_attributes_without_any_code(alice: UUID, terms: UUID, cafe: sa.Row[Any]) -> None:
    booking = book(alice, cafe)
    answer = sign_up(establishment=cafe.reference)
    assert (answer.basis, answer.agent_code, answer.reason, answer.case) == (
        "booking",
        code_of(alice),
        None,
        None,
    )
    referral = referrals.find(answer.referral or "")
    assert (referral.terms_id, referral.programme_key) == (terms, "superapp")
    assert (referral.booking_reference, referral.registered_at, referral.frozen) == (booking, NOW, False)
    ended = bookings.find(booking)
    assert (ended.ending, ended.ended_at) == ("connected", NOW)
    assert catalogue.find(cafe.id).connected_at == NOW


def test_a_sign_up_told_after_the_term_is_over_still_ends_its_booking_connected(
    alice: UUID, cafe: sa.Row[Any]
) -> None:
    booking = book(alice, cafe, now=NOW - 16 * DAY)
    assert sign_up(establishment=cafe.reference, occurred_at=NOW - 15 * DAY).basis == "booking"
    assert bookings.find(booking).ending == "connected"


@pytest.mark.parametrize("spelling", [str.lower, lambda code: f" {code[:2]} {code[2:4]}-{code[4:]} "])
def test_a_code_attributes_in_any_spelling(alice: UUID, spelling: Any) -> None:
    answer = sign_up(kind="company", code=spelling(code_of(alice)))
    assert (answer.basis, answer.agent_code) == ("code", code_of(alice))
    (share,) = referrals.shares(referrals.find(answer.referral or "").id)
    assert (share.agent_id, share.bps, share.connected_at) == (alice, 10_000, None)


def test_a_click_attributes_inside_its_window_and_not_a_second_later(alice: UUID) -> None:
    token = click(alice)
    inside = sign_up("in", kind="consumer", click=token, now=NOW + 30 * DAY)
    outside = sign_up("out", kind="consumer", click=token, now=NOW + 30 * DAY + dt.timedelta(seconds=1))
    assert (inside.basis, inside.agent_code) == ("click", code_of(alice))
    assert (outside.basis, outside.reason) == (None, "outside_click_window")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "nothing_given"),
        ({"code": " "}, "nothing_given"),
        ({"code": "ZZZZZZ"}, "unknown_code"),
        ({"code": "+7 901 000-00-01 call me"}, "unknown_code"),
        ({"click": "nonsense"}, "unknown_click"),
        ({"click": str(uuid4())}, "unknown_click"),
    ],
)
def test_nobody_is_attributed_for_nothing(terms: UUID, given: dict[str, str], reason: str) -> None:
    answer = sign_up(kind="company", **given)
    assert (answer.referral, answer.reason) == (None, reason)
    customer = referrals.customer_by_external_id("shop-1")
    assert (customer.reference, customer.unattributed_reason) == (answer.customer, reason)
    assert scalar("select count(*) from referral") == 0


def test_booking_goes_before_code_and_code_before_click(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    book(alice, cafe)
    first = sign_up("one", establishment=cafe.reference, code=code_of(alice), click=click(bob))
    second = sign_up("two", kind="company", code=code_of(alice), click=click(bob))
    assert (first.basis, first.agent_code) == ("booking", code_of(alice))
    assert (second.basis, second.agent_code) == ("code", code_of(alice))
    assert scalar("select count(*) from attribution_case") == 0


def test_a_code_against_a_booking_freezes_and_opens_a_case(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    book(alice, cafe)
    answer = sign_up(establishment=cafe.reference, code=code_of(bob))
    assert (answer.basis, answer.agent_code) == ("booking", code_of(alice))
    assert referrals.find(answer.referral or "").frozen
    case = referrals.find_case(answer.case or "")
    assert (case.state, case.holder_agent_id, case.other_agent_id) == ("open", alice, bob)
    assert case.referral_reference == answer.referral


def test_a_booking_of_another_record_of_the_same_place_counts(
    alice: UUID, superuser: psycopg.Connection
) -> None:
    one, other = places("Cafe Aino", "Kahvila Aino")
    cast.without_triggers(
        superuser, "update establishment set claim_group_id = %s where id = %s", one.claim_group_id, other.id
    )
    book(alice, one)
    assert sign_up(establishment=other.reference).basis == "booking"


def test_a_booking_that_is_over_does_not_attribute(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    booking = book(alice, cafe)
    answer = sign_up(establishment=cafe.reference, code=code_of(bob), now=NOW + 14 * DAY)
    assert (answer.basis, answer.agent_code, answer.case) == ("code", code_of(bob), None)
    assert bookings.find(booking).ending == "expired"


def test_news_that_comes_late_is_judged_by_the_moment_it_tells_of(
    alice: UUID, bob: UUID, cafe: sa.Row[Any]
) -> None:
    first = book(alice, cafe)
    with transaction():
        bookings.expire_overdue(now=NOW + 14 * DAY, limit=1)
    second = book(bob, cafe, NOW + 15 * DAY)
    answer = sign_up(establishment=cafe.reference, occurred_at=NOW + 13 * DAY, now=NOW + 16 * DAY)
    assert (answer.basis, answer.agent_code) == ("booking", code_of(alice))
    assert [bookings.find(booking).ending for booking in (first, second)] == ["expired", "lost"]


def test_a_booking_made_after_the_sign_up_comes_too_late(alice: UUID, cafe: sa.Row[Any]) -> None:
    booking = book(alice, cafe)
    answer = sign_up(establishment=cafe.reference, occurred_at=NOW - DAY)
    assert answer.reason == "nothing_given"
    assert bookings.find(booking).ending == "lost"


@pytest.mark.parametrize(
    "contact", [{"phone": "8 (901) 000-00-01"}, {"email": "ALICE@mail.ru "}, {"inn": "5001 0073 2259"}]
)
def test_nobody_refers_themselves(alice: UUID, cafe: sa.Row[Any], contact: dict[str, str]) -> None:
    with transaction():
        agents.update_profile(alice, email="alice@mail.ru", inn="500100732259", by=SOMEBODY, now=NOW)
    book(alice, cafe)
    answer = sign_up(establishment=cafe.reference, code=code_of(alice), click=click(alice), **contact)
    assert (answer.referral, answer.reason) == (None, "self_referral")
    assert bookings.search().page().rows[0].ending == "lost"


def test_when_the_holder_is_the_customer_others_may_be_attributed(
    alice: UUID, bob: UUID, cafe: sa.Row[Any]
) -> None:
    book(alice, cafe)
    answer = sign_up(establishment=cafe.reference, code=code_of(bob), phone=phone(1))
    assert (answer.basis, answer.agent_code, answer.case) == ("code", code_of(bob), None)


def test_a_suspended_agent_is_attributed_and_a_closed_one_is_not(terms: UUID) -> None:
    suspended, closed = agent(3, state="suspended"), agent(4, state="closed")
    assert sign_up("one", kind="company", code=code_of(suspended)).basis == "code"
    assert sign_up("two", kind="company", code=code_of(closed)).reason == "agent_closed"


def test_a_customer_who_becomes_an_agent_earns_nothing_on_themselves(alice: UUID) -> None:
    first = sign_up("one", kind="company", phone=phone(9), code=code_of(alice))
    themselves = agent(9)
    second = sign_up("two", kind="company", phone=phone(9), code=code_of(themselves))
    assert first.agent_code == code_of(alice)
    assert second.reason == "self_referral"


def test_taking_on_a_customers_contact_later_is_refused(alice: UUID, bob: UUID) -> None:
    sign_up(kind="company", inn="7707083893", email="owner@cafe.ru", code=code_of(alice))
    for contact in ({"inn": "7707083893"}, {"email": "owner@cafe.ru"}):
        with pytest.raises(agents.OwnCustomer), transaction():
            agents.update_profile(alice, **contact, by=SOMEBODY, now=NOW)  # type: ignore[arg-type]
        with transaction():
            agents.update_profile(bob, **contact, by=SOMEBODY, now=NOW)  # type: ignore[arg-type]
    assert agents.profile(alice).inn is None


def test_a_connection_counts_from_the_moment_of_the_sign_up(alice: UUID, cafe: sa.Row[Any]) -> None:
    answer = sign_up(establishment=cafe.reference, code=code_of(alice), occurred_at=NOW - DAY)
    (share,) = referrals.shares(referrals.find(answer.referral or "").id)
    assert share.connected_at == NOW - DAY
    events = integrations.events_of(answer.customer_id)
    assert [(event.kind, event.occurred_at) for event in events] == [
        ("sign_up", NOW - DAY),
        ("connection", NOW - DAY),
    ]
    jobs = [
        subject for (subject,) in rows("select subject from outbox where job = 'erp.jobs.commissions.accrue'")
    ]
    assert sorted(jobs) == sorted(str(event.id) for event in events), "both may earn a bonus"


def test_a_company_is_no_connection(alice: UUID) -> None:
    answer = sign_up(kind="company", code=code_of(alice))
    assert [event.kind for event in integrations.events_of(answer.customer_id)] == ["sign_up"]


def test_a_place_may_be_named_by_its_source(alice: UUID, cafe: sa.Row[Any]) -> None:
    book(alice, cafe)
    assert sign_up(establishment=("tests", "Cafe Aino")).basis == "booking"


def test_a_place_that_is_a_customer_already_brings_nobody_anything(
    alice: UUID, bob: UUID, cafe: sa.Row[Any]
) -> None:
    sign_up("one", establishment=cafe.reference, code=code_of(alice))
    again = sign_up("two", establishment=cafe.reference, code=code_of(bob))
    assert (again.referral, again.reason) == (None, "already_connected")
    with pytest.raises(bookings.AlreadyConnected):
        book(bob, cafe)


def test_a_place_that_came_by_itself_cannot_be_booked_any_more(alice: UUID, cafe: sa.Row[Any]) -> None:
    assert sign_up(establishment=cafe.reference).reason == "nothing_given"
    with pytest.raises(bookings.AlreadyConnected):
        book(alice, cafe)


def test_the_same_sign_up_again_gets_the_same_answer_and_does_nothing(alice: UUID, cafe: sa.Row[Any]) -> None:
    book(alice, cafe)
    given: dict[str, Any] = {"establishment": cafe.reference, "name": "Cafe Aino Oy", "phone": phone(5)}
    first = sign_up(**given)
    tables = ["customer", "referral", "referral_share", "event", "audit_entry", "person_key", "outbox"]
    counted = [scalar(f"select count(*) from {table}") for table in tables]
    again = sign_up(**given, now=NOW + DAY)
    assert again.again
    assert not first.again
    assert (again.customer, again.referral, again.basis) == (first.customer, first.referral, first.basis)
    assert [scalar(f"select count(*) from {table}") for table in tables] == counted


def test_the_same_external_id_with_other_data_is_refused(alice: UUID, bob: UUID) -> None:
    sign_up(kind="company", code=code_of(alice))
    with pytest.raises(referrals.SignUpConflict):
        sign_up(kind="company", code=code_of(bob))


def test_a_source_id_names_one_sign_up(terms: UUID) -> None:
    sign_up("one", kind="company", source_id="s-1")
    with pytest.raises(referrals.SignUpConflict):
        sign_up("two", kind="company", source_id="s-1")
    with pytest.raises(NotFound):
        referrals.customer_by_external_id("two")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "friend"}, "kind"),
        ({"external_id": " "}, "external_id"),
        ({"occurred_at": NOW + dt.timedelta(minutes=6)}, "occurred_at"),
        ({"establishment": "EST-00000000"}, "establishment"),
        ({"establishment": ("osm", "node/0")}, "establishment"),
    ],
)
def test_a_sign_up_that_cannot_be_says_what_is_wrong(terms: UUID, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        sign_up(given.pop("external_id", "shop-1"), **given)
    assert set(refusal.value.fields) == {field}


def test_a_clock_that_runs_a_little_ahead_is_forgiven(alice: UUID) -> None:
    sign_up(kind="company", code=code_of(alice), occurred_at=NOW + dt.timedelta(minutes=4))
    assert scalar("select registered_at from referral") == NOW


def test_terms_are_pinned_as_they_were_at_the_moment(alice: UUID, terms: UUID) -> None:
    programme_id = scalar("select programme_id from terms")
    with transaction():
        tiers = [programmes.TierRow("New", 0, 100)]
        new = programmes.draft(programme_id, programmes.TermsDraft(tiers), by=SOMEBODY, now=NOW)
        programmes.activate(new, by=SOMEBODY, now=NOW)
    early = sign_up("one", kind="company", code=code_of(alice), occurred_at=NOW - DAY)
    late = sign_up("two", kind="company", code=code_of(alice), now=NOW + DAY)
    assert referrals.find(early.referral or "").terms_id == terms
    assert referrals.find(late.referral or "").terms_id == new


def test_without_active_terms_nothing_is_registered(context: None) -> None:
    with pytest.raises(programmes.NoActiveTerms):
        sign_up(kind="company")
    assert scalar("select count(*) from customer") == 0


def test_the_proof_says_what_was_found_and_holds_nothing_personal(
    alice: UUID, bob: UUID, cafe: sa.Row[Any], superuser: psycopg.Connection
) -> None:
    book(alice, cafe)
    told = {"name": "Aino Virtanen", "phone": "+358401234567", "email": "aino@cafe.fi", "inn": "7707083893"}
    answer = sign_up(establishment=cafe.reference, code=code_of(bob), **told)
    claims = referrals.find(answer.referral or "").proof["claims"]
    assert [(claim["basis"], claim["agent"], claim["void"]) for claim in claims] == [
        ("booking", str(alice), None), ("code", str(bob), None),
    ]  # fmt: skip
    kept = superuser.execute(
        """select (select string_agg(customer::text, '') from customer)
               || (select string_agg(referral::text, '') from referral)
               || (select string_agg(event::text, '') from event)
               || (select string_agg(audit_entry::text, '') from audit_entry)
               || (select string_agg(outbox::text, '') from outbox)"""
    ).fetchone()
    assert kept is not None
    for secret in told.values():
        assert secret not in kept[0]
        assert secret.encode().hex() not in kept[0]
    assert referrals.customer_name(answer.customer_id) == "Aino Virtanen"


def test_what_was_typed_as_a_code_is_not_kept(alice: UUID) -> None:
    sign_up(kind="company", code="+79161234567", click=click(alice))
    proof = row("select proof from referral")
    assert proof is not None
    assert "9161234567" not in json.dumps(proof.proof)
    assert proof.proof["claims"][0]["void"] == "unknown_code"


def test_every_deed_is_in_the_audit_log(alice: UUID, bob: UUID, cafe: sa.Row[Any]) -> None:
    booking = bookings.find(book(alice, cafe)).id
    answer = sign_up(establishment=cafe.reference, code=code_of(bob))
    subjects = [
        ("customer", answer.customer_id, ["customer.signed_up"]),
        ("referral", referrals.find(answer.referral or "").id, ["referral.made"]),
        ("attribution_case", referrals.find_case(answer.case or "").id, ["case.opened"]),
        ("booking", booking, ["booking.made", "booking.connected"]),
    ]
    for kind, id, expected in subjects:
        assert [entry.action for entry in audit.history(kind, id)] == expected


@pytest.mark.parametrize(
    "damage",
    ["update referral_share set bps = 9999", "update referral_share set bps = 5000"],
)
def test_shares_that_do_not_sum_to_the_whole_are_refused(alice: UUID, damage: str) -> None:
    sign_up(kind="company", code=code_of(alice))
    with pytest.raises(IntegrityError, match="do not sum to 10000"), transaction():
        _damage(damage)


def _damage(sql: str) -> None:
    execute(sql)
    audit.record("test", "test", 1, by=SOMEBODY, at=NOW)


def test_several_agents_may_share_one_referral(alice: UUID, bob: UUID) -> None:
    answer = sign_up(kind="company", code=code_of(alice))
    referral = referrals.find(answer.referral or "").id
    with transaction():
        execute("update referral_share set bps = 7000")
        execute(
            """insert into referral_share (referral_id, agent_id, bps, programme_id)
               select referral_id, :bob, 3000, programme_id from referral_share""",
            bob=bob,
        )
        audit.record("test", "referral", referral, by=SOMEBODY, at=NOW)
    assert [(share.agent_id, share.bps) for share in referrals.shares(referral)] == [
        (alice, 7000),
        (bob, 3000),
    ]
    assert referrals.of_agent(bob).count() == referrals.of_agent(alice).count() == 1
    assert referrals.search().count() == 1


def test_a_dead_link_is_no_click(alice: UUID) -> None:
    with transaction():
        assert referrals.record_click("ZZZZZZ", now=NOW) is None
        agents.close(alice, by=SOMEBODY, now=NOW)
        assert referrals.record_click(code_of(alice), now=NOW) is None
