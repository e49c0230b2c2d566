"""GET /balance, /commissions, /payouts and /standing, while money takes its way from a customer to an agent."""

import pytest

from tests.mobile_api.conftest import Business, Caller, signed_in

EMPTY = {"items": [], "next": None}


def _later(business: Business) -> Caller:
    """Alice again: her access token ran out while the hold passed."""
    return signed_in(business.app, "+79012345601", "Alice Ivanova")


def _balance(agent: Caller) -> dict[str, object]:
    items = agent.get("/balance").json["items"]
    assert len(items) == 1
    return items[0]  # type: ignore[no-any-return]


def test_an_agent_without_earnings_has_empty_lists(alice: Caller) -> None:
    assert alice.get("/balance").json == {"items": []}
    assert alice.get("/commissions").json == EMPTY
    assert alice.get("/payouts").json == EMPTY
    assert alice.get("/standing").json == {"items": []}


def test_standing_tells_the_tier_and_what_the_next_one_takes(alice: Caller, programme: str) -> None:
    (standing,) = alice.get("/standing").json["items"]
    assert (standing["volume"], standing["window_days"]) == (0, 90)
    assert standing["tier"] == {"name": "Bronze", "threshold": 0, "rate_bps": 500}
    assert standing["next_tier"] == {
        "name": "Silver",
        "threshold": 2,
        "rate_bps": 700,
        "missing": 2,
        "worth": 0,
    }
    assert standing["connections"] == standing["moves"] == []


def test_a_payment_earns_a_commission_that_explains_itself(business: Business, alice: Caller) -> None:
    business.sign_up("superapp-1", alice)
    business.receive(150_000, "invoice-1", "superapp-1")
    (line,) = alice.get("/commissions").json["items"]
    assert line["earned"] == line["net"] == {"amount": 7_500, "currency": "RUB"}
    assert (line["state"], line["tier"], line["rate_bps"]) == ("on_hold", "Bronze", 500)
    shown = alice.get(f"/commissions/{line['id']}").json
    why = shown.pop("why")
    assert shown == line
    formula = why["formula"]
    assert formula["base"] * formula["rate_bps"] // formula["whole_bps"] == formula["accrued"] == 7_500
    assert any("tier Bronze" in sentence for sentence in why["sentences"])
    assert _balance(alice)["pending"] == 7_500


def test_after_its_hold_it_is_available_and_then_paid_out(business: Business, alice: Caller) -> None:
    business.sign_up("superapp-1", alice)
    business.receive(10_000_000, "invoice-1", "superapp-1")
    business.let_holds_pass()
    alice = _later(business)
    assert (_balance(alice)["pending"], _balance(alice)["available"]) == (0, 500_000)
    business.pay_out(alice.get("/me").json["reference"])
    (payout,) = alice.get("/payouts").json["items"]
    assert payout["amount"] == {"amount": 500_000, "currency": "RUB"}
    shown = alice.get(f"/payouts/{payout['reference']}").json
    (line,) = shown.pop("lines")
    assert shown == payout
    assert line["commission"] == alice.get("/commissions").json["items"][0]["id"]
    assert line["amount"] == payout["amount"]


def test_the_forecast_says_which_day_frees_how_much_and_opens_into_the_lines(
    business: Business, alice: Caller
) -> None:
    assert alice.get("/forecast").json == {"zone": "UTC", "items": []}
    business.sign_up("superapp-1", alice)
    business.receive(10_000_000, "invoice-1", "superapp-1")
    (line,) = alice.get("/commissions").json["items"]
    (money,) = alice.get("/forecast").json["items"]
    (release,) = money["releases"]
    assert release == {
        "day": line["held_until"][:10],
        "commissions": 1,
        "net": 500_000,
        "repays": 0,
        "available": 500_000,
    }
    assert (money["available"], money["debt"], money["conditions"], money["decisions"]) == (0, 0, [], [])
    assert money["next_payout"]["day"] == release["day"]
    day = release["day"]
    asked = f"/commissions?state=on_hold&by=release&since={day}&until={day}"
    assert alice.get(asked).json["items"] == [line]
    assert alice.get(asked.replace("on_hold", "frozen")).json == EMPTY
    assert alice.get("/commissions?by=deadline&until=2999-12-31").json == EMPTY
    assert alice.get("/commissions?by=release&until=1999-12-31").json == EMPTY
    for wrong in ("since=tomorrow", "until=9999-12-31", "by=whim", "state=lost"):
        assert alice.get(f"/commissions?{wrong}").status_code == 422


def test_commissions_come_in_pages_newest_first(business: Business, alice: Caller) -> None:
    business.sign_up("superapp-1", alice)
    for number in range(3):
        business.receive(100_000 + number, f"invoice-{number}", "superapp-1")
    first = alice.get("/commissions?limit=2").json
    second = alice.get(f"/commissions?limit=2&cursor={first['next']}").json
    ids = [line["id"] for line in first["items"] + second["items"]]
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)
    assert second["next"] is None


def test_a_strangers_earnings_do_not_exist(business: Business, alice: Caller, bob: Caller) -> None:
    business.sign_up("superapp-1", alice)
    business.receive(150_000, "invoice-1", "superapp-1")
    id = alice.get("/commissions").json["items"][0]["id"]
    assert bob.get(f"/commissions/{id}").status_code == 404
    assert bob.get("/commissions").json == EMPTY
    assert bob.get("/balance").json == {"items": []}


def test_an_id_that_is_none_is_refused(alice: Caller, subtests: pytest.Subtests) -> None:
    for id in ["0", "-1", "x", str(2**63), "1.5"]:
        with subtests.test(id=id):
            assert alice.get(f"/commissions/{id}").status_code == 422


def test_what_is_not_there_is_not_found(alice: Caller) -> None:
    assert alice.get("/commissions/1").status_code == 404
    assert alice.get("/payouts/PO-00000000").status_code == 404


def test_earnings_are_for_agents(stranger: Caller, product: Caller, subtests: pytest.Subtests) -> None:
    for path in ["/balance", "/commissions", "/commissions/1", "/payouts", "/payouts/X", "/standing"]:
        with subtests.test(path=path):
            assert stranger.get(path).status_code == 401
            assert product.get(path).status_code == 401
