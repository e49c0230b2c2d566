"""A form on something that somebody else changed meanwhile is refused with what changed, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask

from erp.domain import agents
from erp.kernel import clock
from erp.kernel.db import rows
from erp.kernel.permissions import Role
from erp.kernel.transaction import release, transaction
from tests.pages.conftest import Desk
from tests.support.office import Office

SEEN = re.compile(r'name="seen" value="(\d+)"')


def seen(desk: Desk, url: str) -> str:
    found = SEEN.search(desk.get(url).text)
    assert found, f"{url} carries nothing"
    return found[1]


def test_a_deed_on_what_a_colleague_changed_meanwhile_is_refused_with_what_changed(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    marina, olga = desk(Role.MANAGER), desk(Role.ADMIN)
    url = f"/agents/{office.agent}"
    old = seen(marina, url)
    with app.app_context(), transaction():
        agents.suspend(agents.find(office.agent).id, "a quarrel", by=olga.actor, now=clock.now())
    refused = marina.post(f"{url}/closure", part=True, seen=old)
    assert refused.status_code == 422
    assert "Meanwhile: Suspended (Admin 2, " in refused.text
    assert state_of(app, office.agent) == "suspended"
    fresh = SEEN.search(refused.text)
    assert fresh
    assert fresh[1] != old
    assert marina.post(f"{url}/closure", part=True, seen=fresh[1]).status_code == 200
    assert state_of(app, office.agent) == "closed"


def test_a_stale_page_without_scripts_is_told_the_same(desk: Callable[[Role], Desk], office: Office) -> None:
    finance, other = desk(Role.FINANCE), desk(Role.FINANCE)
    url = f"/payouts/{office.payout}"
    old = seen(finance, url)
    assert other.post(f"{url}/withdrawal", seen=old).status_code == 303
    page = finance.post(f"{url}/withdrawal", seen=old)
    assert page.status_code == 422
    assert "Meanwhile: Taken out of the run" in page.text


def test_ones_own_deeds_and_sign_ins_make_no_form_stale(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, url = desk(Role.MANAGER), f"/agents/{office.agent}"
    old = seen(manager, url)
    assert manager.post(f"{url}/suspension", part=True, seen=old, reason="a quarrel").status_code == 200
    assert manager.post(f"{url}/activation", part=True, seen=old).status_code == 200


def test_a_deed_that_is_sent_twice_is_done_once(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    admin, manager, finance, other = (
        desk(role) for role in (Role.ADMIN, Role.MANAGER, Role.FINANCE, Role.FINANCE)
    )
    colleague = {"name": "Vera", "email": "vera@example.test", "password": "long enough", "roles": "support"}
    deeds: list[tuple[Desk, str, dict[str, str]]] = [
        (manager, f"/cases/{office.case}/decision", {"decision": "uphold", "note": "first"}),
        (finance, f"/payments/{office.payment}/refunds", {"amount": "100", "reason": "closed"}),
        (finance, "/payout-runs", {"note": "twice"}),
        (other, f"/payout-runs/{office.run}/approval", {}),
        (admin, "/staff", colleague),
        (admin, "/api-keys", {"name": "Till"}),
        (admin, "/programmes", {"key": "till", "name": "Till", "currency": "RUB", "zone": "Europe/Moscow"}),
    ]
    for who, url, values in deeds:
        before = done(app)
        who.post(url, part=True, **values)
        once = done(app)
        who.post(url, part=True, **values)
        assert done(app) == once, f"{url} was done twice: {done(app) - once}"
        assert once != before or url == "/payout-runs", url


def done(app: Flask) -> set[int]:
    with app.app_context():
        ids = {id for (id,) in rows("select id from audit_entry")}
        release()
    return ids


def state_of(app: Flask, agent: str) -> str:
    with app.app_context():
        state: str = agents.find(agent).state
        release()
    return state
