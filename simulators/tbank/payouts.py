"""Mass payouts by SBP: the check that learns the recipient's name, and the payment within 180 seconds of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from simulators.tbank import fields
from simulators.tbank.bank import Bank, owe_notification, step
from simulators.tbank.books import Payout
from simulators.tbank.protocol import Refused

PAY_WITHIN = timedelta(seconds=180)
SIGNED_IN_NOTIFICATION = ["TerminalKey", "OrderId", "Success", "Status", "PaymentId", "ErrorCode", "Amount"]

# Phones whose behaviour the bank documents for its test terminals.
NAMELESS, NAMED, NO_FUNDS, REJECTED_LATER = "79012345678", "79021234567", "79031234567", "79041234567"
NAMES = {NAMELESS: "", NAMED: "Иван Иванович И."}
DEFAULT_NAME = "Тест Тестович Т."

MEMBERS = [
    ("100000000001", "Gazprombank", "Газпромбанк"),
    ("100000000004", "T-Bank", "Т-Банк"),
    ("100000000005", "VTB", "ВТБ"),
    ("100000000007", "Raiffeisenbank", "Райффайзенбанк"),
    ("100000000008", "Alfa-Bank", "Альфа-Банк"),
    ("100000000010", "PSB", "ПСБ"),
    ("100000000022", "YooMoney", "ЮMoney"),
    ("100000000111", "Sberbank", "Сбербанк"),
]


def get_members(bank: Bank, body: dict[str, Any]) -> dict[str, Any]:
    members = [
        {"MemberId": member, "MemberName": name, "MemberNameRus": russian}
        for member, name, russian in MEMBERS
    ]
    return {**_OK, "TerminalKey": bank.settings.payout_terminal, "Members": members}


def init(bank: Bank, body: dict[str, Any]) -> dict[str, Any]:
    """Check a recipient. Asked again with the same OrderId it answers about the same payout: no money moved."""
    fields.check_payout(body)
    if known := bank.books.payout_of_order.get(body["OrderId"]):
        payout = find(bank, known)
        _refuse_moved_money(payout)
        _refuse_other_payout(payout, body)
        return _answer(bank, payout)
    if body["SbpMemberId"] not in {member for member, _, _ in MEMBERS}:
        raise Refused("3001", "SbpMemberId")
    if body["PhoneNumber"] == NO_FUNDS:
        raise Refused("1502")
    now = bank.now()
    payout = Payout(
        id=bank.books.next_operation_id(),
        order_id=body["OrderId"],
        amount=body["Amount"],
        phone=body["PhoneNumber"],
        member_id=body["SbpMemberId"],
        status="CHECKING",
        created=now.isoformat(),
        short_name=_short_name(bank, body["PhoneNumber"]),
        history=step([], "CHECKING", now),
    )
    bank.books.put(payout)
    return _answer(bank, ripen(bank, payout))


def pay(bank: Bank, body: dict[str, Any]) -> dict[str, Any]:
    """Send the money of a payout that was checked not longer than 180 seconds ago. Once."""
    payout = find(bank, fields.payment_id(body, "4006"))
    _refuse_moved_money(payout)
    if payout.status == "REJECTED":
        raise Refused(
            _or_refused(payout.status_code), Status="REJECTED", PaymentId=payout.id, OrderId=payout.order_id
        )
    if payout.status != "CHECKED":
        raise Refused("4", f"{payout.status} -> COMPLETING", Status=payout.status, PaymentId=payout.id)
    now = bank.now()
    paid = replace(payout, paid_at=now.isoformat(), sbp_id=_sbp_id(payout))
    return _answer(bank, _move(bank, paid, "COMPLETING"))


def get_state(bank: Bank, body: dict[str, Any]) -> dict[str, Any]:
    return _answer(bank, find(bank, fields.payment_id(body, "4006")))


METHODS: dict[str, Callable[[Bank, dict[str, Any]], dict[str, Any]]] = {
    "sbp.GetSbpMembers": get_members,
    "sbp.Init": init,
    "sbp.Payment": pay,
    "sbp.GetState": get_state,
}
PATHS = {
    "/a2c/sbp/GetSbpMembers": "sbp.GetSbpMembers",
    "/a2c/sbp/v2/Init": "sbp.Init",
    "/a2c/sbp/v2/Payment": "sbp.Payment",
    "/a2c/sbp/GetState": "sbp.GetState",
}


def find(bank: Bank, payment_id: str) -> Payout:
    """The payout as it stands now: what time alone has brought about is brought about first."""
    payout = bank.books.payouts.get(payment_id)
    if payout is None:
        raise Refused("4006", payment_id)
    return ripen(bank, payout)


def ripen(bank: Bank, payout: Payout) -> Payout:
    """Checks finish, unused checks lapse, transfers arrive or come back."""
    now = bank.now()
    if payout.status == "CHECKING" and now >= _after(payout.created, bank.settings.check_seconds):
        payout = _move(bank, replace(payout, checked_at=now.isoformat()), "CHECKED")
    if payout.status == "CHECKED" and now > datetime.fromisoformat(payout.checked_at) + PAY_WITHIN:
        return _move(bank, replace(payout, status_code="4008"), "REJECTED")
    if payout.status == "COMPLETING" and now >= _after(payout.paid_at, bank.settings.completing_seconds):
        return _complete(bank, payout)
    return payout


def _complete(bank: Bank, payout: Payout) -> Payout:
    if payout.phone == REJECTED_LATER:
        final = _move(bank, replace(payout, status_code="3034", paid_at=""), "REJECTED")
    else:
        final = _move(bank, payout, "COMPLETED")
    body = {
        "TerminalKey": bank.settings.payout_terminal,
        "OrderId": final.order_id,
        "Success": final.status == "COMPLETED",
        "Status": final.status,
        "PaymentId": int(final.id),
        "ErrorCode": final.status_code,
        "Amount": final.amount,
        "SbpId": final.sbp_id,
        "Phone": final.phone,
    }
    owe_notification(
        bank,
        payment_id=final.id,
        order_id=final.order_id,
        url=bank.settings.payout_notification_url,
        body=body,
        signed_fields=SIGNED_IN_NOTIFICATION,
        payout=True,
    )
    return final


def _move(bank: Bank, payout: Payout, status: str) -> Payout:
    moved = replace(payout, status=status, history=step(payout.history, status, bank.now()))
    bank.books.put(moved)
    return moved


def _refuse_moved_money(payout: Payout) -> None:
    if payout.status == "COMPLETED":
        raise Refused("623", payout.order_id, Status=payout.status, PaymentId=payout.id)
    if payout.status == "COMPLETING":
        raise Refused("4005", payout.order_id, Status=payout.status, PaymentId=payout.id)


def _refuse_other_payout(payout: Payout, body: dict[str, Any]) -> None:
    if (payout.amount, payout.phone, payout.member_id) != (
        body["Amount"],
        body["PhoneNumber"],
        body["SbpMemberId"],
    ):
        raise Refused("20", payout.order_id)


def _short_name(bank: Bank, phone: str) -> str:
    registered = bank.books.recipients.get(phone)
    return registered.short_name if registered else NAMES.get(phone, DEFAULT_NAME)


def _sbp_id(payout: Payout) -> str:
    """SBP numbers its transfers with 32 letters and digits."""
    return "A" + hashlib.sha256(f"{payout.id}/{payout.order_id}".encode()).hexdigest()[:31].upper()


def _after(moment: str, seconds: float) -> datetime:
    return datetime.fromisoformat(moment) + timedelta(seconds=seconds)


def _or_refused(code: str) -> str:
    return code if code != "0" else "4"


_OK = {"Success": True, "ErrorCode": "0", "Message": "OK", "Details": ""}


def _answer(bank: Bank, payout: Payout) -> dict[str, Any]:
    answer: dict[str, Any] = {
        **_OK,
        "TerminalKey": bank.settings.payout_terminal,
        "OrderId": payout.order_id,
        "Status": payout.status,
        "PaymentId": payout.id,
        "Amount": payout.amount,
        "StatusCode": payout.status_code,
    }
    if payout.checked_at:
        answer |= {
            "IsRecipientResident": True,
            "RecipientAccountFundsCategory": "40817",
            "MaskAccountNumber": f"40817*********{payout.phone[-4:]}",
        }
        answer |= {"RecipientShortName": payout.short_name} if payout.short_name else {}
    if payout.sbp_id:
        answer["SbpId"] = payout.sbp_id
    return answer
