"""Forms: what was typed comes back with what to mend; what was done is done once, and said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from erp.domain import (
    agents,
    bookings,
    commissions,
    integrations,
    ledger,
    payments,
    payouts,
    programmes,
    referrals,
    staff,
)
from erp.domain.integrations import NewEvent
from erp.domain.payouts import checks
from erp.kernel import audit, clock, outbox
from erp.kernel.db import row
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction
from tests.pages.conftest import HTMX, PASSWORD, TEST, Desk, sign_in, token_on
from tests.support.office import Office

Seat = Callable[[Role], Desk]


def test_signing_in_leads_to_where_one_was_going(app: Flask, desk: Seat) -> None:
    desk(Role.SUPPORT)
    answer = sign_in(app.test_client(), "support1@example.test", next="/bookings?q=aino")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/bookings?q=aino"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/", "//evil.test/", "/\\evil.test/", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(app: Flask, desk: Seat, elsewhere: str) -> None:
    desk(Role.SUPPORT)
    assert sign_in(app.test_client(), "support1@example.test", next=elsewhere).headers["Location"] == "/"


def test_a_wrong_password_says_so_and_keeps_the_address(client: FlaskClient, desk: Seat) -> None:
    desk(Role.SUPPORT)
    answer = sign_in(client, "support1@example.test", "wrong")
    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert 'value="support1@example.test"' in answer.text
    assert "wrong" not in answer.text


def test_guessing_a_password_is_slowed_down(client: FlaskClient, desk: Seat) -> None:
    desk(Role.SUPPORT)
    answers = [sign_in(client, "support1@example.test", f"guess {n}").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    assert sign_in(client, "SUPPORT1@example.test").status_code == 429


def test_signing_in_rightly_is_never_slowed_down(app: Flask, desk: Seat) -> None:
    desk(Role.SUPPORT)
    assert {sign_in(app.test_client(), "support1@example.test").status_code for _ in range(12)} == {303}


def test_signing_out_ends_the_session(desk: Seat) -> None:
    support = desk(Role.SUPPORT)
    assert support.post("/sign-out").status_code == 303
    assert support.get("/bookings").status_code == 303


def test_who_is_deactivated_is_out_with_the_next_click(app: Flask, desk: Seat) -> None:
    admin, support = desk(Role.ADMIN), desk(Role.SUPPORT)
    with app.app_context():
        reference = next(row.reference for row in staff.search().page().rows if row.id == support.id)
    assert admin.post(f"/staff/{reference}/deactivation").status_code == 303
    assert support.get("/bookings").status_code == 303
    assert support.client.get("/bookings", headers=HTMX).status_code == 401


def test_a_page_whose_session_has_ended_is_told_and_may_sign_in_beside_what_was_typed(desk: Seat) -> None:
    support = desk(Role.SUPPORT)
    here = support.client.get("/sign-in", headers=HTMX)
    assert "data-signed-in" in here.text, "another tab has signed in meanwhile"
    support.client.delete_cookie("ref")
    answer = support.client.post("/staff", headers=HTMX)
    assert answer.status_code == 401
    assert answer.headers["X-Request-Id"]
    form = support.client.get("/sign-in", headers=HTMX)
    assert "<html" not in form.text
    values = {"email": "support1@example.test", "csrf_token": token_on(form)}
    wrong = support.client.post("/sign-in", headers=HTMX, data=values | {"password": "no"})
    assert wrong.status_code == 422
    right = support.client.post("/sign-in", headers=HTMX, data=values | {"password": PASSWORD})
    assert right.status_code == 200
    token = re.search('data-csrf="([^"]+)"', right.text)
    assert token
    asked = support.client.post("/search", headers=HTMX | {"X-CSRFToken": token[1]}, data={"q": "x"})
    assert asked.status_code == 200


def test_pages_are_asked_for_anew_and_forgotten_at_sign_out(desk: Seat) -> None:
    support = desk(Role.SUPPORT)
    assert support.get("/agents").headers["Cache-Control"] == "private, no-cache"
    assert support.post("/sign-out").headers["Clear-Site-Data"] == '"cache"'


def test_a_colleague_who_cannot_be_added_is_still_in_the_form(desk: Seat) -> None:
    admin = desk(Role.ADMIN)
    typed = {"name": "Vera", "email": "admin1@example.test", "password": "long enough", "roles": ["support"]}
    answer = admin.post("/staff", part=True, **typed)
    assert answer.status_code == 422
    assert "works here already" in answer.text
    assert 'value="Vera"' in answer.text
    assert 'value="support" checked' in answer.text
    assert "long enough" not in answer.text
    assert "<html" not in answer.text


def test_a_missing_field_is_named_beside_it(desk: Seat) -> None:
    answer = desk(Role.ADMIN).post("/staff", name="", email="vera@example.test", password="long enough")
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert "This is needed." in answer.text
    assert "<html" in answer.text


def test_staff_book_a_place_for_an_agent_and_release_it(app: Flask, desk: Seat, office: Office) -> None:
    support = desk(Role.SUPPORT)
    place = f"/establishments/{office.free_place}"
    taken = support.post(f"{place}/booking", part=True, agent=office.agent)
    assert taken.status_code == 422
    assert "Somebody has booked this place" not in support.get(place).text
    released = support.post(f"{place}/booking/release", part=True)
    assert released.status_code == 200
    assert "is free again" in released.text
    booked = support.post(f"{place}/booking", agent=office.agent.lower())
    assert booked.status_code == 303
    with app.app_context():
        (held,) = bookings.search(state="open").page().rows
        deeds = audit.history("booking", held.id)
    assert held.agent_reference == office.agent
    assert [(deed.action, deed.actor_id) for deed in deeds] == [("booking.made", str(support.id))]


def test_a_booking_moves_through_its_stages_and_not_back_to_the_first(desk: Seat, office: Office) -> None:
    support = desk(Role.SUPPORT)
    url = f"/bookings/{office.booking}"
    assert support.post(f"{url}/stage", stage="meeting").status_code == 303
    refused = support.post(f"{url}/stage", part=True, stage="booked")
    assert refused.status_code == 422
    assert "present stage does not allow this" in refused.text


def test_htmx_may_release_with_delete(desk: Seat, office: Office) -> None:
    support = desk(Role.SUPPORT)
    headers = {**HTMX, "X-CSRFToken": support.token()}
    answer = support.client.delete(f"/establishments/{office.free_place}/booking", headers=headers)
    assert answer.status_code == 200


def test_suspending_needs_a_reason_and_activating_lifts_it(app: Flask, desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    url = f"/agents/{office.agent}"
    assert manager.post(f"{url}/suspension", part=True, reason="").status_code == 422
    assert manager.post(f"{url}/suspension", part=True, reason="Two people, one passport").status_code == 200
    assert "Two people, one passport" in manager.get(url).text
    assert manager.post(f"{url}/activation").status_code == 303
    with app.app_context():
        assert agents.find(office.agent).state == "active"


def test_personal_data_is_masked_without_the_permission(desk: Seat, office: Office) -> None:
    for url in ("/agents", f"/agents/{office.agent}", f"/payouts/{office.payout}"):
        clear, masked = desk(Role.SUPPORT).get(url).text, desk(Role.AUDITOR).get(url).text
        assert "Ivanova" in clear
        assert "Ivanova" not in masked
        assert "Alice I." in masked
        assert "+79010000001" not in masked


def test_a_case_is_decided_once_with_a_note(app: Flask, desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    url = f"/cases/{office.case}/decision"
    unexplained = manager.post(url, part=True, decision="transfer", note="")
    assert unexplained.status_code == 422
    assert 'value="transfer" checked' in unexplained.text
    assert manager.post(url, decision="transfer", note="Bob was there first").status_code == 303
    again = manager.post(url, part=True, decision="uphold", note="No")
    assert again.status_code == 422
    assert "was decided before" in again.text
    with app.app_context():
        assert referrals.find_case(office.case).state == "transferred"


def test_terms_are_drafted_compared_and_activated(app: Flask, desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms"
    typed = terms("Bronze 0 5", "Silver 3 8.5", "Gold 10 12,25") | {
        "hold_days": "7",
        "rules-0-monthly_cap": "1 000 000",
    }
    drafted = manager.post(url, **typed)
    assert drafted.status_code == 303
    assert drafted.headers["Location"].endswith("/terms/3")
    page = manager.get(drafted.headers["Location"]).text
    assert "12.25\u00a0%" in page
    assert "Against version 1" in page
    assert manager.post(f"{url}/3/activation", revision="1", reason="A better year").status_code == 303
    with app.app_context():
        active = programmes.active_terms("superapp", clock.now())
        assert (active.version, active.hold_days) == (3, 7)
        assert [tier.rate_bps for tier in programmes.tiers(active.id)] == [500, 850, 1225]


def test_what_closing_an_agent_does_is_said_before_it_is_done(app: Flask, desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    page = f"/agents/{office.agent}"
    assert f'href="{page}/closure"' in manager.get(page).text
    said = manager.get(f"{page}/closure").text
    for sentence in (
        "The code stops working",
        "is available and is paid with the next payout run",
        "is frozen until a case is decided",
        "What 2 customers pay later is frozen until it is settled with the agent (Superapp, terms 1)",
    ):
        assert sentence in said
    assert "chosen no bank" not in said
    assert manager.post(f"{page}/closure").status_code == 303
    assert manager.post(f"{page}/closure").status_code == 422
    closed = manager.post(f"{page}/settlement", part=True, note="A letter")
    assert closed.status_code == 422
    assert "Nothing is kept for a settlement" in closed.text


def test_all_is_settled_with_a_closed_agent(app: Flask, desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    page = f"/agents/{office.agent}"
    manager.post(f"{page}/closure")
    with app.app_context():
        customer_id = row("select id from customer where external_id = 'shop-1'").id
        now = clock.now()
        paid = NewEvent(
            "test", "late", "payment", customer_id, now, "bank_checked", amount=100_000, currency="RUB"
        )
        with transaction():
            commissions.accrue([integrations.record_event(paid)], by=TEST, now=now)
    kept = manager.get(page).text
    assert "50.00\u00a0₽ of 1 commission is kept until all is settled with the agent" in kept
    assert manager.post(f"{page}/settlement", note="A letter of 3 March").status_code == 303
    assert "is kept until" not in manager.get(page).text
    with app.app_context():
        assert (
            ledger.balances([agents.find(office.agent).id], "RUB")[agents.find(office.agent).id]["pending"]
            == 5_000
        )


def test_a_draft_of_terms_is_changed_until_it_is_in_force(app: Flask, desk: Seat, office: Office) -> None:
    manager, other = desk(Role.MANAGER), desk(Role.MANAGER)
    url = f"/programmes/{office.programme}/terms/2"
    assert 'name="tiers-1-name" type="text" value="Gold"' in manager.get(f"{url}/edit").text
    typed = terms("Bronze 0 6.5", "Gold 4 9", "Onyx 8 11") | {"note": "Kinder still"}
    assert manager.post(url, **typed, revision="1").status_code == 303
    page = manager.get(url).text
    assert "Kinder still" in page
    assert "Onyx" in page
    overtaken = other.post(url, part=True, **terms("Mine 0 1"), revision="1")
    assert overtaken.status_code == 422
    assert "Somebody has changed this draft" in overtaken.text
    assert 'value="Mine"' in overtaken.text
    stale = other.post(f"{url}/activation", revision="1", reason="Kinder")
    assert "Somebody has changed this draft" in stale.text
    assert other.post(f"{url}/activation", revision="2", reason="Kinder").status_code == 303
    assert "is in force for referrals made from now on" in other.get(url).text
    late = manager.post(url, **typed, revision="2")
    assert (late.status_code, manager.get(f"{url}/edit").status_code) == (422, 409)
    assert "Only a draft can be changed" in late.text
    with app.app_context():
        active = programmes.active_terms("superapp", clock.now())
        assert [(tier.name, tier.rate_bps) for tier in programmes.tiers(active.id)] == [
            ("Bronze", 650),
            ("Gold", 900),
            ("Onyx", 1100),
        ]


def test_limits_that_cannot_be_are_named(desk: Seat, office: Office) -> None:
    typed = terms("Bronze 0 5") | {"hold_days": "366", "minimum_payout": "-1", "rules-0-monthly_cap": "0"}
    answer = desk(Role.MANAGER).post(f"/programmes/{office.programme}/terms", **typed)
    assert answer.status_code == 422
    for name, problem in (
        ("hold_days", "Between 0 and 365 days."),
        ("minimum_payout", "A payout cannot be less than nothing."),
        ("rules-0-monthly_cap", "A cap is more than nothing."),
    ):
        assert f'id="{name}-error"' in answer.text
        assert problem in answer.text


def test_tiers_that_do_not_fit_are_named_and_kept(desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    typed = terms("Bronze 0 5", "Silver 3 abc", "Gold 2 12")
    unread = manager.post(f"/programmes/{office.programme}/terms", **typed)
    assert unread.status_code == 422
    assert 'value="abc"' in unread.text
    assert 'id="tiers-1-rate-error"' in unread.text
    ladder = manager.post(f"/programmes/{office.programme}/terms", **terms("A 0 5", "B 3 4", "C 2 12"))
    assert ladder.status_code == 422
    assert 'id="tiers-1-rate-error"' in ladder.text
    assert 'id="tiers-2-threshold-error"' in ladder.text


def test_another_tier_can_be_added_without_scripts(desk: Seat, office: Office) -> None:
    page = desk(Role.MANAGER).post(
        f"/programmes/{office.programme}/terms", do="tiers-add", **terms("A 0 5", "B 3 6", "C 9 12")
    )
    assert page.status_code == 200
    assert 'name="tiers-3-threshold"' in page.text
    assert 'name="tiers-2-name" type="text" value="C"' in page.text


def terms(*tiers: str) -> dict[str, str]:
    """The form of a draft with tiers written as "name threshold rate"."""
    typed = {"window_days": "90", "hold_days": "14", "click_window_days": "30", "minimum_payout": "100"}
    typed |= {"evidence": "bank_checked", "on_agent_closed": "release", "rules-0-key": "percent"}
    for at, tier in enumerate(tiers):
        names = ("name", "threshold", "rate")
        typed |= {f"tiers-{at}-{name}": value for name, value in zip(names, tier.split(), strict=True)}
    return typed


def test_a_refund_is_asked_for_in_roubles(app: Flask, desk: Seat, office: Office) -> None:
    finance = desk(Role.FINANCE)
    url = f"/payments/{office.payment}/refunds"
    too_much = finance.post(url, part=True, amount="2 500,00", reason="All of it")
    assert too_much.status_code == 422
    assert 'value="2 500,00"' in too_much.text
    assert finance.post(url, amount="500,50", reason="A month").status_code == 303
    with app.app_context():
        assert [(row.amount, row.state) for row in payments.refunds_of(office.payment)][-1] == (
            50_050,
            "asked",
        )


def test_a_payment_that_puzzles_waits_until_somebody_has_looked(desk: Seat, office: Office) -> None:
    finance = desk(Role.FINANCE)
    assert office.puzzling_payment in finance.get("/payments?attention=yes").text
    assert "Payments to look at" in finance.get("/").text
    settled = finance.post(f"/payments/{office.puzzling_payment}/attention", note="The bank was wrong")
    assert settled.status_code == 303
    assert "Payments to look at" not in finance.get("/").text


def test_two_people_let_a_run_go(app: Flask, desk: Seat, office: Office) -> None:
    fedor, filipp = desk(Role.FINANCE), desk(Role.FINANCE)
    assert fedor.post(f"/payout-runs/{office.run}/cancellation").status_code == 303
    assert "Alice" in fedor.get("/payout-runs/new").text
    url = fedor.post("/payout-runs", note="June").headers["Location"]
    own = fedor.post(f"{url}/approval", part=True)
    assert own.status_code == 422
    assert "A different person must approve it" in own.text
    assert "every 1s" not in filipp.get(f"{url}/status", part=True).text
    assert filipp.post(f"{url}/approval").status_code == 303
    assert "every 1s" in filipp.get(f"{url}/status", part=True).text
    assert filipp.get(f"{url}/status").headers["Location"] == url, "a part is no page to open"
    with app.app_context():
        run = payouts.find_run(url.rpartition("/")[2])
    assert (run.state, run.approved_by) == ("approved", f"staff:{filipp.id}")


def test_two_people_settle_what_the_bank_does_not_say(app: Flask, desk: Seat, office: Office) -> None:
    fedor, filipp = desk(Role.FINANCE), desk(Role.FINANCE)
    filipp.post(f"/payout-runs/{office.run}/approval")
    url = f"/payouts/{office.payout}"
    with app.app_context():
        payout_id = payouts.find(office.payout).id
        for now in (clock.now() - dt.timedelta(hours=25), clock.now()):
            with transaction():
                step = checks.begin_check(payout_id, by=TEST, now=now)
                assert step is not None
                found = {"code": "4005", "provider_payment_id": None}
                checks.record_check_conflict(payout_id, step.attempt_id, **found, by=TEST, now=now)
    assert "under way or paid already, though nothing was sent from here" in fedor.get(url).text
    unproven = fedor.post(f"{url}/settlements", part=True, found="paid", note="Statement, line 4")
    assert unproven.status_code == 422
    assert 'id="provider_payment_id-error"' in unproven.text
    assert "Statement, line 4" in unproven.text
    typed = {"found": "paid", "provider_payment_id": "700900", "note": "Statement, line 4"}
    assert fedor.post(f"{url}/settlements", **typed).status_code == 303
    assert "/confirmation" not in fedor.get(url).text
    offered = re.search(r'action="([^"]+/confirmation)"', filipp.get(url).text)
    assert offered is not None
    assert filipp.post(offered[1]).status_code == 303
    with app.app_context():
        assert payouts.find(office.payout).state == "paid"


def test_the_preview_says_who_is_left_out_and_why(desk: Seat, office: Office) -> None:
    page = desk(Role.FINANCE).get("/payout-runs/new").text
    assert "Another payout of this agent has not ended" in page
    assert "Nobody can be paid now" in page


def test_a_key_is_shown_once(desk: Seat) -> None:
    admin = desk(Role.ADMIN)
    page = admin.post("/api-keys", name="SuperApp")
    key = page.text.partition('<pre id="new-key" tabindex="0">')[2].partition("<")[0]
    assert len(key) > 40
    assert page.headers["Cache-Control"] == "no-store"
    assert key not in admin.get("/api-keys").text


def test_a_job_that_was_given_up_is_tried_again(app: Flask, desk: Seat, office: Office) -> None:
    finance = desk(Role.FINANCE)
    assert "KeyError in follow" in finance.get("/jobs?state=given_up").text
    assert finance.post(f"/jobs/{office.job}/retry").status_code == 303
    with app.app_context():
        assert outbox.find(office.job).state == "waiting"
        assert audit.history("job", office.job)[-1].actor_id == str(finance.id)


def test_the_mock_clock_moves_forward_only_and_says_what_became_due(app: Flask, desk: Seat) -> None:
    admin = desk(Role.ADMIN)
    with app.app_context():
        before = clock.now()
    assert admin.post("/mock/clock", to="2001-01-01T00:00").status_code == 422
    assert admin.post("/mock/clock", days="").status_code == 422
    assert admin.post("/mock/clock", days="14").status_code == 303
    with app.app_context():
        assert dt.timedelta(days=14) <= clock.now() - before < dt.timedelta(days=14, minutes=5)
        assert [row.job for row in outbox.search().page().rows] == ["erp.jobs.clock.catch_up"]


def test_a_live_instance_has_no_clock_to_move(
    app: Flask, desk: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = desk(Role.ADMIN)
    live = app.config["REF"].model_copy(update={"mode": "live"})
    monkeypatch.setitem(app.config, "REF", live)
    assert admin.get("/mock/clock").status_code == 404
    assert 'href="/mock/clock"' not in admin.get("/").text
    assert "No real money moves here" not in admin.get("/").text


def test_what_is_wrong_is_said_in_the_language_of_the_reader(desk: Seat, office: Office) -> None:
    manager = desk(Role.MANAGER)
    manager.post("/me/preferences", language="ru")
    typed = {"tiers-0-threshold": "-1", "window_days": "много", "hold_days": "", "minimum_payout": "сто"}
    answer = manager.post(f"/programmes/{office.programme}/terms", part=True, **typed)
    assert answer.status_code == 422
    for sentence in ("Первый уровень начинается с 0", "Введите целое число.", "Обязательное поле."):
        assert sentence in answer.text
    assert "Not a valid" not in answer.text
