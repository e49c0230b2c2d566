"""Referrals are chosen, moved by two people, and the pages say what it does to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from erp.domain import notices, programmes
from erp.jobs import rerates as counting
from erp.kernel import clock
from erp.kernel.db import execute, scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.pages.conftest import TEST, Desk
from tests.support import cast

DAY = "%Y-%m-%d"


@pytest.fixture
def programme(app: Flask) -> str:
    """A programme, two customers of Alice and one of Bob by its first version, and a second one in force."""
    with app.app_context():
        now = clock.now()
        cast.programme(now=now)
        alice, bob = cast.agent(1, name="Alice Ivanova", now=now), cast.agent(2, name="Bob Petrov", now=now)
        for number, agent in enumerate((alice, alice, bob)):
            cast.sign_up(f"shop-{number}", kind="company", code=cast.code_of(agent), now=now)
        with transaction():
            id = scalar("select id from programme")
            tiers = [programmes.TierRow("Only", 0, 900)]
            draft = programmes.draft(id, programmes.TermsDraft(tiers), note="New", by=TEST, now=now)
            programmes.activate(draft, by=TEST, now=now)
        with transaction():
            notices.announce_terms(draft, now=now)
        return str(scalar("select reference from programme"))


def values(app: Flask, programme: str, **more: object) -> dict[str, object]:
    with app.app_context():
        day = clock.now() + dt.timedelta(days=20)
    return {"programme": programme, "day": f"{day:{DAY}}", "code": "agreed", "note": "By phone"} | more


def counted(app: Flask) -> None:
    with app.app_context():
        counting.count([str(id) for (id,) in execute("select id from rerate").all()])


def test_from_the_page_of_the_terms_to_an_approval_by_another(
    app: Flask, desk: Callable[[Role], Desk], programme: str
) -> None:
    manager, finance = desk(Role.MANAGER), desk(Role.FINANCE)
    page = manager.get(f"/programmes/{programme}/terms/2").text
    assert f"/rerates/new?programme={programme}" in page
    assert "Agents told" in page
    page = manager.get(f"/rerates/new?programme={programme}").text
    assert "3 referrals, 2 agents" in page
    made = manager.post("/rerates", **values(app, programme)).headers["Location"]
    assert "Agents counted" in finance.get(made).text
    assert finance.get(f"{made}/status", part=True).status_code == 200
    counted(app)
    assert finance.get(f"{made}/status", part=True).headers["HX-Redirect"] == made
    assert "You proposed it" in manager.get(made).text
    own = manager.post(f"{made}/approval")
    assert (own.status_code, "A different person must decide it." in own.text) == (422, True)
    assert made.rpartition("/")[2] in finance.get("/rerates?state=proposed").text
    assert finance.post(f"{made}/approval").status_code == 303
    page = finance.get(made).text
    assert "Approved" in page
    referral = _one(app, "select reference from referral order by reference limit 1")
    assert (
        "from version 1 to version 2: it was agreed with the agent"
        in finance.get(f"/referrals/{referral}").text
    )
    assert manager.post(f"{made}/withdrawal").status_code == 303
    assert _one(app, "select count(*) from referral_terms") == 6


def test_those_of_an_agent_or_of_a_version_alone(
    app: Flask, desk: Callable[[Role], Desk], programme: str
) -> None:
    manager = desk(Role.MANAGER)
    bob = _one(app, "select code from agent order by reference desc limit 1")
    mine = _one(
        app,
        "select count(*) from referral_share s join agent a on a.id = s.agent_id where a.code = :code",
        code=bob,
    )
    page = manager.get(f"/rerates/new?programme={programme}&agent={bob}&version=1").text
    assert f"{mine} referral" in page
    made = manager.post("/rerates", **values(app, programme, agent=bob, version=1)).headers["Location"]
    assert made
    assert _one(app, "select count(*) from rerate_referral") == mine
    nothing = manager.get(f"/rerates/new?programme={programme}&version=2").text
    assert "There is nothing to move" in nothing
    assert manager.get(f"/rerates/new?programme={programme}&agent=NOBODY").status_code == 303


def test_those_ticked_on_the_list_of_referrals(
    app: Flask, desk: Callable[[Role], Desk], programme: str
) -> None:
    manager, other = desk(Role.MANAGER), desk(Role.MANAGER)
    with app.app_context():
        ids = [str(id) for (id,) in execute("select id from referral order by id limit 2").all()]
    laid = manager.post("/referrals/bulk/move", row=ids).headers["Location"]
    assert "2 referrals" in manager.get(laid).text
    chosen = laid.partition("chosen=")[2]
    assert manager.get(f"/bulk/{chosen}").status_code == 404
    assert other.get(laid).status_code == 303
    assert other.post("/rerates", **values(app, "", chosen=chosen)).status_code == 404
    assert manager.post("/rerates", **values(app, "", chosen=chosen)).status_code == 303
    assert _one(app, "select count(*) from rerate_referral") == 2


def test_what_was_typed_is_kept_and_told(app: Flask, desk: Callable[[Role], Desk], programme: str) -> None:
    manager = desk(Role.MANAGER)
    with app.app_context():
        soon = f"{clock.now() + dt.timedelta(days=3):{DAY}}"
    refused = manager.post("/rerates", part=True, **values(app, programme, day=soon, note="Mine"))
    assert (refused.status_code, "Agents are told 14 days ahead" in refused.text) == (422, True)
    assert "Mine" in refused.text
    for role in (Role.FINANCE, Role.SUPPORT, Role.AUDITOR):
        assert desk(role).post("/rerates", **values(app, programme)).status_code == 403


def test_somebody_else_refuses_with_a_reason(
    app: Flask, desk: Callable[[Role], Desk], programme: str
) -> None:
    manager, finance = desk(Role.MANAGER), desk(Role.FINANCE)
    made = manager.post("/rerates", **values(app, programme)).headers["Location"]
    assert finance.post(f"{made}/refusal", note="").status_code == 422
    assert finance.post(f"{made}/refusal", note="Not before summer").status_code == 303
    assert "Not before summer" in manager.get(made).text
    assert manager.post(f"{made}/withdrawal").status_code == 422


def test_the_owner_sets_the_notice(app: Flask, desk: Callable[[Role], Desk], programme: str) -> None:
    manager, url = desk(Role.MANAGER), f"/programmes/{programme}/notice"
    assert manager.post(url, days=3).status_code == 303
    assert _one(app, "select notice_days from programme") == 3
    for wrong in (0, 1000, "x"):
        assert manager.post(url, days=wrong).status_code == 422
    assert desk(Role.FINANCE).post(url, days=3).status_code == 403


def _one(app: Flask, sql: str, **params: object) -> Any:
    with app.app_context():
        found = scalar(sql, **params)
    assert not isinstance(found, UUID)
    return found
