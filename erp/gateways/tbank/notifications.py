"""News that the bank posts to us: believed only with the right Token, and then only as a hint to ask the state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from erp.gateways.tbank import token

PAYOUT_SIGNED = ("TerminalKey", "OrderId", "Success", "Status", "PaymentId", "ErrorCode", "Amount")


class BadNotification(Exception):
    """Not the bank's news about our terminal: unreadable, of another terminal, or with a wrong Token."""


class UnknownShape(Exception):
    """Truly from the bank, but not about a payment (a bound card, a fiscal receipt): answer `OK`, do nothing."""


@dataclass(frozen=True)
class BankNotification:
    """What the bank says happened. `amount` is in kopecks; after partial refunds its meaning is not documented.

    `token` tells equal deliveries apart from different news.
    """

    terminal_key: str
    order_id: str
    payment_id: str
    status: str
    success: bool
    amount: int
    error_code: str
    token: str


def read_payment_notification(raw: bytes, *, terminal_key: str, password: str) -> BankNotification:
    """Raises `BadNotification` (answer 403) and `UnknownShape` (answer `OK`)."""
    fields = _object(raw)
    return _read(fields, fields, terminal_key, password)


def read_payout_notification(raw: bytes, *, terminal_key: str, password: str) -> BankNotification:
    """The same for payouts, whose Token covers seven fields only, not `SbpId` and `Phone`."""
    fields = _object(raw)
    signed = {name: fields[name] for name in (*PAYOUT_SIGNED, "Token") if name in fields}
    return _read(fields, signed, terminal_key, password)


def _read(
    fields: dict[str, Any], signed: dict[str, Any], terminal_key: str, password: str
) -> BankNotification:
    if fields.get("TerminalKey") != terminal_key:
        raise BadNotification("another terminal")
    if not token.verify(signed, password):
        raise BadNotification("wrong Token")
    if any(name not in fields for name in PAYOUT_SIGNED) or "NotificationType" in fields:
        raise UnknownShape
    if type(fields["Amount"]) is not int or type(fields["Success"]) is not bool:
        raise BadNotification("Amount or Success is malformed")
    return BankNotification(
        terminal_key=terminal_key,
        order_id=str(fields["OrderId"]),
        payment_id=str(fields["PaymentId"]),
        status=str(fields["Status"]),
        success=fields["Success"],
        amount=fields["Amount"],
        error_code=str(fields["ErrorCode"]),
        token=str(fields["Token"]).lower(),
    )


def _object(raw: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadNotification("not JSON") from error
    if not isinstance(fields, dict):
        raise BadNotification("not a JSON object")
    return fields
