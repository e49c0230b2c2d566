"""An agent reads the terms of a new referral, of each referral they have, and those that are to follow."""

from __future__ import annotations

import datetime as dt

from flask import Flask

from erp.domain import programmes
from erp.kernel import clock
from erp.kernel.transaction import transaction
from tests.mobile_api.conftest import TESTS, Business, Caller


def next_terms(app: Flask, *, begins: dt.datetime | None) -> None:
    """A version with one tier of 9 %, activated at once or scheduled."""
    with app.app_context(), transaction():
        now = clock.now()
        programme_id = programmes.active_terms("superapp", now).programme_id
        tiers = [programmes.TierRow("Bronze", 0, 900)]
        draft = programmes.draft(programme_id, programmes.TermsDraft(tiers), by=TESTS, now=now)
        if begins is None:
            programmes.activate(draft, by=TESTS, now=now)
        else:
            programmes.schedule(draft, begins, by=TESTS, now=now)


def test_terms_are_told_in_words_and_figures(alice: Caller, programme: str) -> None:
    (terms,) = alice.get("/terms").json["items"]
    assert terms["programme"]["name"] == "SuperApp"
    assert (terms["version"], terms["hold_days"], terms["next"]) == (1, 14, None)
    assert terms["tiers"][1] == {"name": "Silver", "threshold": 2, "rate_bps": 700}
    assert terms["rules"][0]["kind"] == "percent"
    tiers = next(chapter for chapter in terms["chapters"] if chapter["title"] == "Tiers")
    assert "Silver, from 2 connections on: 7\u00a0%." in tiers["sentences"]
    russian = alice.get("/terms", headers={"Accept-Language": "ru"}).json["items"][0]
    assert "Уровни" in [chapter["title"] for chapter in russian["chapters"]]


def test_what_is_scheduled_is_told_with_what_changes(app: Flask, alice: Caller, programme: str) -> None:
    with app.app_context():
        begins = clock.now() + dt.timedelta(days=7)
    next_terms(app, begins=begins)
    (terms,) = alice.get("/terms").json["items"]
    assert (terms["version"], terms["next"]["version"]) == (1, 2)
    assert dt.datetime.fromisoformat(terms["next"]["effective_from"]) == begins
    means = {change["what"]: change["means"] for change in terms["next"]["changes"]}
    assert means["Tier Bronze"] == "Of a payment of 10,000.00\u00a0₽, an agent earns 400.00\u00a0₽ more."
    assert means["Tier Silver"] == "Nobody reaches this tier any more."


def test_a_referral_keeps_its_terms_and_a_stranger_sees_none(
    app: Flask, alice: Caller, bob: Caller, business: Business, programme: str
) -> None:
    made = business.sign_up("kahvi", alice)["referral"]
    next_terms(app, begins=None)
    assert alice.get(f"/referrals/{made}/terms").json["version"] == 1
    assert alice.get("/terms").json["items"][0]["version"] == 2
    assert bob.get(f"/referrals/{made}/terms").status_code == 404
