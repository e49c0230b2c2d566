"""What is frozen is listed with who decides by when; people freeze and let go, and the owner sets the deadlines."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from erp.domain import commissions
from erp.kernel.db import scalar
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support.office import Office


def test_the_list_says_why_who_decides_by_when_and_what_happens_otherwise(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    page = desk(Role.AUDITOR).get("/freezes?state=frozen")
    assert page.text.count('<tr id="row-') == 1 or "It is frozen while it is decided" in page.text
    for words in ("Case", "Programme manager", "in 2 weeks", "It stays frozen"):
        assert words in page.text, words


def test_a_commission_is_frozen_and_let_go_from_its_page(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager, url = desk(Role.MANAGER), f"/freezes/commissions/{office.commission}"
    assert f'href="{url}"' in manager.get(f"/commissions/{office.commission}").text
    frozen = manager.post(url, code="documents", note="The contract is missing")
    assert (frozen.status_code, frozen.headers["Location"]) == (303, f"/commissions/{office.commission}")
    page = manager.get(f"/commissions/{office.commission}").text
    for words in ("It was frozen by hand: documents are missing.", "The contract is missing", "It is let go"):
        assert words in page, words
    refused = manager.post(url, code="documents", note="Once more")
    assert (refused.status_code, "is frozen already" in refused.text) == (422, True)
    let_go = manager.post(f"{url}/release", code="documents_received", note="It came by post")
    assert let_go.status_code == 303
    page = manager.get(f"/commissions/{office.commission}").text
    assert "and let go on" in page
    assert "the documents have come." in page


def test_all_of_an_agent_with_the_sum_before_it_is_done(desk: Callable[[Role], Desk], office: Office) -> None:
    manager, url = desk(Role.MANAGER), f"/freezes/agents/{office.agent}"
    assert "100.00\xa0₽ of 1 commission will be in no payout" in manager.get(url).text
    assert manager.post(url, code="suspicion", note="Two accounts").status_code == 303
    page = manager.get(url).text
    assert "100.00\xa0₽ of 1 commission goes back to where it was" in page
    assert "Nothing can be frozen here" in page
    assert manager.post(f"{url}/release", code="mistake", note="One account").status_code == 303


def test_a_reason_and_a_note_are_needed(desk: Callable[[Role], Desk], office: Office) -> None:
    manager, url = desk(Role.MANAGER), f"/freezes/commissions/{office.commission}"
    refused = manager.post(url, part=True, code="whim", note="")
    assert refused.status_code == 422
    assert "<html" not in refused.text
    assert "This is needed." in refused.text


def test_who_does_not_decide_sees_and_does_nothing(desk: Callable[[Role], Desk], office: Office) -> None:
    support, url = desk(Role.SUPPORT), f"/freezes/commissions/{office.commission}"
    assert 'action="/freezes' not in support.get(url).text
    assert support.post(url, code="suspicion", note="A test").status_code == 403


def test_many_are_let_go_after_a_preview(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    manager.post(f"/freezes/agents/{office.agent}", code="suspicion", note="Two accounts")
    chosen = manager.post("/freezes/bulk/release?state=frozen", all="yes")
    preview = manager.get(chosen.headers["Location"])
    assert "It is frozen for a case. Decide the case, and it follows." in preview.text
    assert "Let go" in preview.text
    confirmed = manager.post(f"{chosen.headers['Location']}/confirmation", note="Looked into")
    assert confirmed.status_code == 303
    with app.app_context():
        assert scalar("select count(*) from release where code = 'found_right' and note = 'Looked into'") == 1
        assert scalar("select count(*) from hold where reason is not null") == 1


def test_the_owner_sets_the_deadlines(app: Flask, desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    given = {"by_hand-role": "finance", "by_hand-days": "5", "by_hand-outcome": "take_back"}
    assert manager.post("/deadlines/freezes/by_hand", **given).status_code == 303
    assert "Deadline of freezes changed" in manager.get("/deadlines").text
    with app.app_context():
        (rule,) = [found for found in commissions.freeze_rules() if found.rule == "by_hand"]
        assert (rule.role, rule.days, rule.outcome) == ("finance", 5, "take_back")
    refused = manager.post("/deadlines/freezes/by_hand", **given | {"by_hand-days": "0"})
    assert (refused.status_code, 'value="0"' in refused.text) == (422, True)
    assert desk(Role.FINANCE).post("/deadlines/freezes/by_hand", **given).status_code == 403
