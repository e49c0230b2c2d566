"""What is told of the past leaves the same books as what happened at the counter, only at other moments."""

import datetime as dt
from typing import Any

from simulators.tbank.protocol import token
from tests.simulators.running import (
    GOOD_CARD,
    PASSWORD,
    PAYOUT_TERMINAL,
    TERMINAL,
    Merchant,
    SimulatedBank,
    eventually,
)

LASTED = dt.timedelta(seconds=1020)
"""How long ago the past of a test began: its check of a recipient has not lapsed yet by the bank's clock."""


def moment(seconds: int, began: dt.datetime) -> str:
    return (began + dt.timedelta(seconds=seconds)).isoformat()


def tell(
    bank: SimulatedBank, began: dt.datetime, *requests: tuple[int, str, dict[str, Any]]
) -> dict[str, Any]:
    told = [{"at": moment(seconds, began), "path": path, "body": body} for seconds, path, body in requests]
    response = bank.http.post("/_control/past", json={"requests": told})
    assert response.status_code == 200, response.text
    return response.json()


def tokened(**fields: object) -> dict[str, Any]:
    request = {"TerminalKey": TERMINAL, **fields}
    return {**request, "Token": token(request, PASSWORD)}


def in_the_past(bank: SimulatedBank, began: dt.datetime, order_id: str, hook: str) -> list[dict[str, Any]]:
    """A payment, a refund and a payout, told in envelopes; the news of them."""
    first = tell(bank, began, (0, "/v2/Init", tokened(OrderId=order_id, Amount=5000, NotificationURL=hook)))
    payment_id = first["answers"][0]["PaymentId"]
    cancel = tokened(PaymentId=payment_id, Amount=2000, ExternalRequestId="r")
    second = tell(bank, began, (60, f"/pay/{payment_id}", {"pan": GOOD_CARD}), (900, "/v2/Cancel", cancel))
    check = {"TerminalKey": PAYOUT_TERMINAL, "OrderId": f"{order_id}-out", "Amount": 700}
    check |= {"PhoneNumber": "79990000001", "SbpMemberId": "100000000004"}
    third = tell(bank, began, (1000, "/a2c/sbp/v2/Init", bank.signed(check)))
    paid = bank.signed({"TerminalKey": PAYOUT_TERMINAL, "PaymentId": third["answers"][0]["PaymentId"]})
    fourth = tell(bank, began, (1001, "/a2c/sbp/v2/Payment", paid), (1003, "/a2c/sbp/GetState", paid))
    assert [answer["Status"] for answer in fourth["answers"]] == ["COMPLETING", "COMPLETED"]
    return [*first["news"], *second["news"], *third["news"], *fourth["news"]]


def at_the_counter(bank: SimulatedBank, order_id: str, hook: str) -> None:
    payment_id = bank.init(order_id, 5000, NotificationURL=hook)
    bank.pay(payment_id)
    bank.call("Cancel", PaymentId=payment_id, Amount=2000, ExternalRequestId="r")
    checked = bank.check(f"{order_id}-out", amount=700)
    bank.call_payouts("v2/Payment", PaymentId=checked["PaymentId"])
    eventually(lambda: bank.operations(f"{order_id}-out")["payouts"][0]["status"] == "COMPLETED")


def books(bank: SimulatedBank, order_id: str) -> list[Any]:
    """All that the bank holds of an order, without what differs from one to the next: moments and numbers."""
    kept = []
    for table, rows in bank.operations(order_id).items():
        for row in rows:
            steps = [step["status"] for step in row.get("history", [])]
            plain = {
                name: value for name, value in row.items() if not name.endswith("_id") and name != "history"
            }
            kept.append((table, {**plain, "at": None, "paid_at": None}, steps))
    return kept


def test_the_past_leaves_the_books_that_the_counter_leaves(
    bank: SimulatedBank, merchant: Merchant, order_id: str
) -> None:
    began = dt.datetime.now(dt.UTC) - LASTED
    news = in_the_past(bank, began, order_id, merchant.url)
    at_the_counter(bank, f"{order_id}-now", merchant.url)
    for ending in ("", "-out"):
        told, real = books(bank, order_id + ending), books(bank, f"{order_id}-now{ending}")
        assert told == real
        assert told
    payment = bank.operations(order_id)["payments"][0]
    assert [step["at"] for step in payment["history"]] == [
        moment(0, began),
        *[moment(60, began)] * 5,
        *[moment(900, began)] * 2,
    ]
    heard = eventually(lambda: len(said := merchant.statuses(f"{order_id}-now")) == 3 and said)
    assert [one["body"]["Status"] for one in news] == [*heard, "COMPLETED"]
    assert [one["at"] for one in news] == [
        moment(60, began),
        moment(60, began),
        moment(900, began),
        moment(1003, began),
    ]
    assert all(one["body"]["Token"] for one in news)
    assert merchant.statuses(order_id) == [], "news that was taken is not brought"


def test_what_cannot_have_been_is_refused(bank: SimulatedBank, order_id: str) -> None:
    began = dt.datetime.now(dt.UTC) - LASTED
    body = tokened(OrderId=order_id, Amount=5000)
    tomorrow = (began + dt.timedelta(days=1)).isoformat()
    impossible = [
        [{"at": tomorrow, "path": "/v2/Init", "body": body}],
        [{"at": moment(at, began), "path": "/v2/Init", "body": body} for at in (2, 1)],
        [{"at": moment(0, began), "path": "/nowhere", "body": body}],
    ]
    for requests in impossible:
        assert bank.http.post("/_control/past", json={"requests": requests}).status_code == 400
    forged = tell(bank, began, (0, "/v2/Init", {**body, "Token": "0"}))["answers"]
    assert [answer["ErrorCode"] for answer in forged] == ["204"]
    assert bank.operations(order_id)["payments"] == []
