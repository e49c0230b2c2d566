"""An agent reads what changes in the terms before it does: new versions, and referrals that move."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from flask import Flask

from erp.domain import notices, programmes, referrals, rerates
from erp.jobs import rerates as counting
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import scalar
from erp.kernel.transaction import transaction
from tests.mobile_api.conftest import TESTS, Business, Caller

OTHER = Actor.staff(UUID(int=2))


def new_version(app: Flask) -> UUID:
    """9 % for all, in force at once, and announced."""
    with app.app_context():
        with transaction():
            now = clock.now()
            programme_id = programmes.active_terms("superapp", now).programme_id
            tiers = [programmes.TierRow("Bronze", 0, 900)]
            id = programmes.draft(programme_id, programmes.TermsDraft(tiers), by=TESTS, now=now)
            programmes.activate(id, by=TESTS, now=now)
        with transaction():
            notices.announce_terms(id, now=clock.now())
    return programme_id


def rerated(app: Flask, programme_id: UUID) -> str:
    """All referrals move in twenty days; the reference."""
    with app.app_context():
        now = clock.now()
        with transaction():
            day = (now + dt.timedelta(days=20)).date()
            made = rerates.propose(
                rerates.Choice(programme_id), day, code="agreed", note="a test", by=TESTS, now=now
            )
        counting.count([str(scalar("select id from rerate"))])
        with transaction():
            rerates.approve(made, by=OTHER, now=now)
    return made


def test_new_terms_are_told_to_who_has_customers_there(
    app: Flask, alice: Caller, bob: Caller, business: Business, programme: str
) -> None:
    business.sign_up("kahvi", alice)
    new_version(app)
    assert bob.get("/notices").json == {"items": [], "next": None}
    (told,) = alice.get("/notices").json["items"]
    assert (told["kind"], told["version"], told["called_off_at"], told["reason"]) == ("terms", 2, None, None)
    (before,) = told["before"]
    assert (before["version"], before["referrals"]) == (1, None)
    assert "Tier Bronze" in {change["what"] for change in before["changes"]}


def test_a_referral_shows_the_move_that_comes(
    app: Flask, alice: Caller, bob: Caller, business: Business, programme: str
) -> None:
    made = business.sign_up("kahvi", alice)["referral"]
    rerated(app, new_version(app))
    terms = alice.get(f"/referrals/{made}/terms").json
    assert (terms["version"], terms["moved_at"], terms["coming"]["version"]) == (1, None, 2)
    assert terms["coming"]["reason_text"] == "it was agreed with the agent"
    assert terms["coming"]["changes"]
    moved, _new = alice.get("/notices").json["items"]
    assert (moved["kind"], moved["reason"], moved["before"][0]["referrals"]) == ("rerate", "agreed", 1)
    assert moved["effective_from"] == terms["coming"]["effective_from"]
    assert bob.get("/notices").json["items"] == []
    russian = alice.get("/notices", headers={"Accept-Language": "ru"}).json["items"][0]
    assert russian["reason_text"] == "так договорились с агентом"
    with app.app_context():
        found, later = referrals.find(made), clock.now() + dt.timedelta(days=21)
        assert referrals.moved(found.id, clock.now()) is None
        assert referrals.moved(found.id, later) is not None
        assert referrals.coming([found.id], later) == []


def test_what_was_called_off_says_so(app: Flask, alice: Caller, business: Business, programme: str) -> None:
    made = business.sign_up("kahvi", alice)["referral"]
    rerate = rerated(app, new_version(app))
    with app.app_context(), transaction():
        rerates.withdraw(rerate, by=TESTS, now=clock.now())
    told = alice.get("/notices").json["items"][0]
    assert told["called_off_at"] is not None
    assert alice.get(f"/referrals/{made}/terms").json["coming"] is None
    with app.app_context():
        found = referrals.find(made)
        assert referrals.coming([found.id], clock.now()) == []
