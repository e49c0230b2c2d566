"""Invariants 5 and 10 name the damaged row."""

import psycopg
import pytest

from erp.domain import agents, referrals
from erp.domain.referrals import invariants
from erp.invariants import audited
from erp.kernel.transaction import release
from tests.support import cast
from tests.support.cast import agent, code_of, sign_up, without_triggers


@pytest.fixture
def referral(context: None) -> str:
    cast.programme()
    signed_up = sign_up(kind="company", phone="+79161234567", code=code_of(agent(1)))
    sound = invariants.attribution_is_sound()
    assert (sound.number, sound.examined, list(sound.bad)) == (5, 1, [])
    release()
    return signed_up.referral or ""


def test_shares_that_do_not_sum_are_named(referral: str, superuser: psycopg.Connection) -> None:
    without_triggers(superuser, "update referral_share set bps = 9999")
    assert invariants.attribution_is_sound().bad == [f"shares of referral {referral} sum to 9999"]


def test_a_referral_without_shares_is_named(referral: str, superuser: psycopg.Connection) -> None:
    without_triggers(superuser, "delete from referral_share")
    assert invariants.attribution_is_sound().bad == [f"shares of referral {referral} sum to 0"]


def test_a_second_referral_of_a_customer_is_named(referral: str, superuser: psycopg.Connection) -> None:
    superuser.execute("alter table referral drop constraint referral_customer_id_key")
    without_triggers(
        superuser,
        """insert into referral select gen_random_uuid(), 'REF-TWICE', customer_id, programme_id, terms_id,
                  establishment_id, basis, booking_id, click_id, code, proof, frozen, registered_at from referral""",
    )
    without_triggers(
        superuser,
        """insert into referral_share select r.id, s.agent_id, 10000, s.programme_id from referral_share s, referral r
           where r.reference = 'REF-TWICE'""",
    )
    (bad,) = invariants.attribution_is_sound().bad
    assert referral in bad
    assert "REF-TWICE" in bad


def test_an_agent_who_is_the_customer_is_named(referral: str, superuser: psycopg.Connection) -> None:
    without_triggers(superuser, "update agent set phone_hash = (select phone_hash from customer)")
    who = agents.search().page().rows[0].reference
    assert invariants.attribution_is_sound().bad == [f"in referral {referral} agent {who} is the customer"]


def test_a_deed_without_its_audit_row_is_named(referral: str, superuser: psycopg.Connection) -> None:
    assert list(audited().bad) == []
    release()
    without_triggers(superuser, "delete from audit_entry where action = 'referral.made'")
    assert list(audited().bad) == [f"referral {referrals.find(referral).id}: no audit row referral.made"]
