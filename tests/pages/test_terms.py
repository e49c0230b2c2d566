"""The pages of terms: everything wrong at once, nothing typed is lost, nobody overwrites what they have not seen."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask

from erp.domain import programmes
from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.pages.test_forms import terms
from tests.support.office import Office


def test_everything_that_cannot_be_is_said_at_once(desk: Callable[[Role], Desk], office: Office) -> None:
    typed = terms("A 0 5", "B x 6", "C 9 abc") | {
        "window_days": "many",
        "hold_days": "400",
        "click_window_days": "",
        "minimum_payout": "cheap",
        "rules-0-key": "",
        "rules-0-monthly_cap": "0",
    }
    answer = desk(Role.MANAGER).post(f"/programmes/{office.programme}/terms", **typed)
    assert answer.status_code == 422
    assert set(re.findall(r'id="([\w-]+)-error"', answer.text)) == {
        "tiers-1-threshold",
        "tiers-2-rate",
        "window_days",
        "hold_days",
        "click_window_days",
        "minimum_payout",
        "rules-0-key",
        "rules-0-monthly_cap",
    }
    for value in ("many", "400", "cheap", "abc"):
        assert f'value="{value}"' in answer.text


def test_terms_without_a_rule_or_a_tier_are_refused(desk: Callable[[Role], Desk], office: Office) -> None:
    typed = {name: value for name, value in terms().items() if not name.startswith("rules-")}
    answer = desk(Role.MANAGER).post(f"/programmes/{office.programme}/terms", **typed)
    assert "Terms need at least one tier" in answer.text
    assert "Terms need at least one rule" in answer.text


def test_who_is_overtaken_sees_both_and_may_save_once_more(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    first, second = desk(Role.MANAGER), desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms/2"
    first.post(url, **terms("Bronze 0 6", "Gold 4 9"), revision="1")
    overtaken = second.post(url, part=True, **terms("Bronze 0 7", "Gold 4 9"), revision="1")
    assert overtaken.status_code == 422
    assert "Yours against what your colleague wrote" in overtaken.text
    assert "Of a payment of 10,000.00\u00a0₽, an agent earns 100.00\u00a0₽ more." in overtaken.text
    assert 'name="revision" type="hidden" value="2"' in overtaken.text
    assert second.post(url, **terms("Bronze 0 7", "Gold 4 9"), revision="2").status_code == 303
    with app.app_context():
        draft = programmes.version(programmes.find(office.programme).id, 2)
        assert [tier.rate_bps for tier in programmes.tiers(draft.id)] == [700, 900]


def test_a_draft_that_changed_meanwhile_is_not_thrown_away(
    desk: Callable[[Role], Desk], office: Office
) -> None:
    first, second = desk(Role.MANAGER), desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms/2"
    first.post(url, **terms("Bronze 0 6"), revision="1")
    second.post(f"{url}/discard", revision="1")
    assert "Somebody has changed this draft" in second.get(url).text
    second.post(f"{url}/discard", revision="2")
    assert second.get(url).status_code == 404


def test_any_version_is_copied_as_a_new_draft(desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    page = manager.get(f"/programmes/{office.programme}/terms/new?copy=1").text
    assert 'name="tiers-1-name" type="text" value="Silver"' in page
    newest = manager.get(f"/programmes/{office.programme}/terms/new").text
    assert 'name="tiers-1-name" type="text" value="Gold"' in newest


def test_what_the_form_says_is_told_while_it_is_typed(desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms/summary"
    assert "A, from the beginning: 5\u00a0%." in manager.post(url, part=True, **terms("A 0 5")).text
    assert "2 fields are to mend first" in manager.post(url, part=True, **terms("A 1 x")).text


def test_any_two_versions_are_compared(desk: Callable[[Role], Desk], office: Office) -> None:
    auditor = desk(Role.AUDITOR)
    url = f"/programmes/{office.programme}/terms/compare"
    page = auditor.get(url).text
    assert "version 1 against version 2" in page
    assert "Agents get sooner what they earned." in page
    back = auditor.get(f"{url}?before=2&after=1", part=True).text
    assert "Agents wait longer for what they earned." in back
    assert "They say the same." in auditor.get(f"{url}?before=1&after=1").text
    assert auditor.get(f"{url}?before=1&after=9").status_code == 404


def test_a_version_is_scheduled_taken_off_and_scheduled_again(
    app: Flask, desk: Callable[[Role], Desk], office: Office
) -> None:
    manager = desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms/2"
    page = manager.get(url).text
    assert "2 referrals made under version 1 keep it." in page
    unexplained = manager.post(f"{url}/activation", part=True, when="now", revision="1")
    assert unexplained.status_code == 422
    assert 'id="reason-error"' in unexplained.text
    timeless = manager.post(f"{url}/activation", part=True, when="later", reason="New year", revision="1")
    assert 'id="begins-error"' in timeless.text
    past = {"when": "later", "begins": "2020-01-01T00:00", "reason": "New year", "revision": "1"}
    assert "at least 5 minutes ahead" in manager.post(f"{url}/activation", part=True, **past).text
    later = past | {"begins": "2099-01-01T00:00"}
    assert manager.post(f"{url}/activation", **later).status_code == 303
    assert "It takes force later" in manager.get(url).text
    assert manager.get(f"{url}/edit").status_code == 409
    assert manager.post(f"{url}/unscheduling").status_code == 303
    assert "is a draft again" in manager.get(url).text
    history = manager.get(f"/programmes/{office.programme}").text
    for deed in ("Terms scheduled", "Taken off the schedule", "New year"):
        assert deed in history


def test_terms_are_retired_with_a_reason(desk: Callable[[Role], Desk], office: Office) -> None:
    manager = desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms/1"
    assert manager.post(f"{url}/retirement", part=True, reason="").status_code == 422
    assert manager.post(f"{url}/retirement", reason="The product ends").status_code == 303
    page = manager.get(url).text
    assert "The product ends" in page
    assert "Sign-ups are refused until other terms are in force" in page
    assert "No terms are active" in manager.get(f"/programmes/{office.programme}").text


def test_a_programme_tells_what_each_version_cost(desk: Callable[[Role], Desk], office: Office) -> None:
    page = desk(Role.AUDITOR).get(f"/programmes/{office.programme}").text
    assert "Agents earned" in page
    assert "<tfoot>" in page
