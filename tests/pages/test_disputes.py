"""Staff read and answer disputes, decide those of their role, and mend what an upheld one found."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from erp.domain import commissions, disputes
from erp.kernel.db import rows, scalar
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support import cast
from tests.support.office import Office


def test_the_list_says_who_decides_and_by_when(desk: Callable[[Role], Desk], office: Office) -> None:
    support = desk(Role.SUPPORT)
    page = support.get("/disputes?state=open").text
    for words in (office.dispute, "The amount is wrong", "Finance", "It stays open"):
        assert words in page, words
    assert office.upheld not in page
    decided = support.get("/disputes?state=decided").text
    assert office.upheld in decided
    assert "It stays open" not in decided.partition("<tbody>")[2], "a deadline that was kept is past"
    assert office.dispute not in support.get("/disputes?due=soon").text


def test_both_sides_write_and_the_agent_is_told(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    support, url = desk(Role.SUPPORT), f"/disputes/{office.dispute}"
    page = support.get(url).text
    for words in ("Superapp: 7 %", "cabinet?", "150.00", "What happened to it"):
        assert words in page, words
    assert support.post(f"{url}/messages", text="On which page?").status_code == 303
    assert "On which page?" in support.get(url).text
    with app.app_context():
        assert scalar("select count(*) from outbox where job = 'erp.jobs.disputes.tell'") == 3


def test_one_is_taken_on_and_shows_among_ones_own(desk: Callable[[Role], Desk], office: Office) -> None:
    support = desk(Role.SUPPORT)
    assert office.dispute not in support.get("/disputes?whose=mine").text
    support.post(f"/disputes/{office.dispute}/taking")
    assert office.dispute in support.get("/disputes?whose=mine").text


def test_the_role_that_it_names_decides(desk: Callable[[Role], Desk], office: Office) -> None:
    url = f"/disputes/{office.dispute}"
    given = {"decision": "partly", "code": "wrong_sum", "note": "6 % were right"}
    support, finance = desk(Role.SUPPORT), desk(Role.FINANCE)
    assert "Waits for: Finance." in support.get(url).text
    refused = support.post(f"{url}/decision", **given)
    assert (refused.status_code, "Somebody of another role decides" in refused.text) == (422, True)
    assert finance.post(f"{url}/decision", **given | {"note": ""}, part=True).status_code == 422
    assert finance.post(f"{url}/decision", **given).status_code == 303
    page = finance.get(url).text
    for words in ("6 % were right", "The amount was not what the terms promise", "Partly upheld"):
        assert words in page, words


def test_an_upheld_one_is_mended_by_attributing_the_customer(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    with app.app_context():
        customer = cast.sign_up("shop-9", kind="company").customer
    manager, url = desk(Role.MANAGER), f"/disputes/{office.upheld}"
    refused = manager.post(f"{url}/attribution")
    assert (refused.status_code, "Say first which customer" in refused.text) == (422, True)
    assert manager.post(f"{url}/links", customer=customer).status_code == 303
    assert manager.post(f"{url}/attribution").status_code == 303
    page = manager.get(url).text
    with app.app_context():
        made = scalar("select max(subject) from dispute_remedy")
    assert f'href="/referrals/{made}"' in page
    assert "The customer was attributed late" in page
    assert desk(Role.SUPPORT).post(f"{url}/attribution").status_code == 403


def test_an_upheld_one_is_mended_by_undoing_a_reversal(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    finance, manager = desk(Role.FINANCE), desk(Role.MANAGER)
    finance.post(f"/reversals/{office.reversal}/withdrawal")
    taken = {"amount": "5", "code": "fraud", "note": "x"}
    made = manager.post(f"/reversals/new/{office.commission}", **taken).headers["Location"].rpartition("/")[2]
    url = f"/disputes/{office.dispute}"
    finance.post(f"{url}/decision", decision="uphold", code="wrong_sum", note="You are right")
    assert f'value="{made}"' in finance.get(url).text
    asked = finance.post(f"{url}/correction", **{"undo-reversal": made, "undo-note": "It was right"})
    assert asked.status_code == 303
    assert "A reversal was undone" in finance.get(url).text
    with app.app_context():
        assert commissions.find(office.commission).net == 10_000


def test_staff_raise_one_for_an_agent(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    support = desk(Role.SUPPORT)
    given = {
        "agent": office.agent,
        "kind": "refused",
        "text": "My payout was refused",
        "payout": office.payout,
    }
    made = support.post("/disputes/new", **given)
    assert made.status_code == 303
    assert office.payout in support.get(made.headers["Location"]).text
    again = support.post("/disputes/new", **given)
    assert (again.status_code, "There is an open dispute about this" in again.text) == (422, True)
    nobody = support.post("/disputes/new", **given | {"agent": "NOBODY"})
    assert "Nobody has this code or reference." in nobody.text
    with app.app_context():
        ((kind, by),) = rows("select kind, opened_by from dispute where payout_id is not null")
        assert (kind, by) == ("refused", str(support.actor))


def test_the_owner_sets_the_deadlines(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    given = {"wrong-role": "support", "wrong-days": "5", "wrong-outcome": "uphold"}
    assert manager.post("/deadlines/disputes/wrong", **given).status_code == 303
    assert "Deadline of disputes changed" in manager.get("/deadlines").text
    with app.app_context():
        (rule,) = [found for found in disputes.dispute_rules() if found.kind == "wrong"]
        assert (rule.role, rule.days, rule.outcome) == ("support", 5, "uphold")
