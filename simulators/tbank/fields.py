"""What a well-formed request looks like: field limits, sums of receipts, dates. Errors as the bank gives them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from simulators.tbank.protocol import Refused

SMALLEST_AMOUNT = 100
LIMITS = {
    "OrderId": 36,
    "Description": 140,
    "CustomerKey": 36,
    "NotificationURL": 2048,
    "SuccessURL": 2048,
    "FailURL": 2048,
    "ExternalRequestId": 256,
}
CHOICES = {"PayType": ("O", "T"), "Language": ("ru", "en"), "Recurrent": ("Y",)}
DEFAULT_DUE = timedelta(hours=24)
DUE_FROM, DUE_TO = timedelta(minutes=1), timedelta(days=90)
PHONE = re.compile(r"\d{9,15}")


def check_init(body: dict[str, Any]) -> None:
    """Raises `Refused` for the first field of an acquiring Init that the bank would not accept."""
    required_text(body, "OrderId")
    amount(body, "Amount")
    for name, limit in LIMITS.items():
        _check_text(body, name, limit)
    for name, values in CHOICES.items():
        if name in body and body[name] not in values:
            raise Refused("201", name)
    check_data(body)
    _check_receipt(body)


def check_payout(body: dict[str, Any]) -> None:
    """The same for the check of an SBP payout."""
    required_text(body, "OrderId")
    _check_text(body, "OrderId", LIMITS["OrderId"])
    amount(body, "Amount")
    if not PHONE.fullmatch(required_text(body, "PhoneNumber")):
        raise Refused("201", "PhoneNumber")
    required_text(body, "SbpMemberId")
    check_data(body)
    purpose = (body.get("DATA") or {}).get("PaymentPurposeDetails", "")
    if len(str(purpose)) > 110:
        raise Refused("209", "PaymentPurposeDetails")


def required_text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("201", name)
    return value


def payment_id(body: dict[str, Any], code: str) -> str:
    """The payment asked about; the bank takes text and numbers alike."""
    value = body.get("PaymentId")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Refused("201", "PaymentId")
    if not str(value).isdigit():
        raise Refused(code, str(value))
    return str(value)


def amount(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or len(str(value)) > 10:
        raise Refused("201", name)
    if value < SMALLEST_AMOUNT:
        raise Refused("251", name)
    return value


def due(body: dict[str, Any], now: datetime) -> datetime:
    """When the payment form closes: what Init asked for, or a day from now."""
    given = body.get("RedirectDueDate")
    if given is None:
        return now + DEFAULT_DUE
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise Refused("12", "RedirectDueDate") from None
    if moment.tzinfo is None or not now + DUE_FROM <= moment <= now + DUE_TO:
        raise Refused("12", "RedirectDueDate")
    return moment


def check_data(body: dict[str, Any]) -> None:
    data = body.get("DATA", {})
    if not isinstance(data, dict):
        raise Refused("201", "DATA")
    if len(data) > 20:
        raise Refused("207", "DATA")
    if any(
        len(name) > 20 for name in data if name not in ("OperationInitiatorType", "PaymentPurposeDetails")
    ):
        raise Refused("208", "DATA")
    if any(len(str(value)) > 100 for name, value in data.items() if name != "PaymentPurposeDetails"):
        raise Refused("209", "DATA")


def _check_text(body: dict[str, Any], name: str, limit: int) -> None:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise Refused("201", name)


def _check_receipt(body: dict[str, Any]) -> None:
    receipt = body.get("Receipt")
    if receipt is None:
        return
    items = receipt.get("Items") if isinstance(receipt, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= 100:
        raise Refused("308", "Items")
    if not (receipt.get("Email") or receipt.get("Phone")):
        raise Refused("329", "Receipt")
    if sum(int(item.get("Amount", 0)) for item in items) != body["Amount"]:
        raise Refused("334", "Receipt")
