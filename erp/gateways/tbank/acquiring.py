"""Internet acquiring: how customers pay the owner (protocol facts A)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from erp.config import Settings
from erp.gateways.tbank import token
from erp.gateways.tbank.outcomes import BankRefused
from erp.gateways.tbank.terminal import Environment, Mode, refuse_mismatch
from erp.gateways.tbank.transport import Answer, Transport

NO_SUCH_ORDER = "335"


class PaymentStatus(StrEnum):
    """Where a payment stands at the bank. A word we do not know is UNKNOWN: ask again later."""

    NEW = "NEW"
    FORM_SHOWED = "FORM_SHOWED"
    PREAUTHORIZING = "PREAUTHORIZING"
    AUTHORIZING = "AUTHORIZING"
    CHECKING_3DS = "3DS_CHECKING"
    CHECKED_3DS = "3DS_CHECKED"
    PAY_CHECKING = "PAY_CHECKING"
    AUTHORIZED = "AUTHORIZED"
    CONFIRMING = "CONFIRMING"
    CONFIRMED = "CONFIRMED"
    REVERSING = "REVERSING"
    PARTIAL_REVERSED = "PARTIAL_REVERSED"
    REVERSED = "REVERSED"
    REFUNDING = "REFUNDING"
    ASYNC_REFUNDING = "ASYNC_REFUNDING"
    PARTIAL_REFUNDED = "PARTIAL_REFUNDED"
    REFUNDED = "REFUNDED"
    REJECTED = "REJECTED"
    AUTH_FAIL = "AUTH_FAIL"
    CANCELED = "CANCELED"
    DEADLINE_EXPIRED = "DEADLINE_EXPIRED"
    ATTEMPTS_EXPIRED = "ATTEMPTS_EXPIRED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> PaymentStatus:
        return cls.UNKNOWN

    @property
    def is_failed(self) -> bool:
        """Closed without money; this payment will never be paid."""
        return self in _FAILED

    @property
    def was_received(self) -> bool:
        """The money arrived, whether or not some of it went back since."""
        return self in _RECEIVED

    @property
    def is_final(self) -> bool:
        """Nothing more happens here unless somebody refunds."""
        return self.is_failed or self.was_received or self is PaymentStatus.REVERSED


_FAILED = frozenset(
    {
        PaymentStatus.REJECTED,
        PaymentStatus.AUTH_FAIL,
        PaymentStatus.CANCELED,
        PaymentStatus.DEADLINE_EXPIRED,
        PaymentStatus.ATTEMPTS_EXPIRED,
    }
)
_RECEIVED = frozenset({PaymentStatus.CONFIRMED, PaymentStatus.PARTIAL_REFUNDED, PaymentStatus.REFUNDED})


@dataclass(frozen=True)
class PaymentState:
    """The bank's truth about one payment. `amount` (kopecks) is what was asked for, whatever went back since."""

    payment_id: str
    order_id: str
    amount: int
    status: PaymentStatus
    error_code: str


@dataclass(frozen=True)
class Initiated:
    """A payment that waits for its payer at `payment_url`."""

    payment_id: str
    order_id: str
    amount: int
    status: PaymentStatus
    payment_url: str


@dataclass(frozen=True)
class Cancelled:
    """Money given back: before it `original_amount`, after it `new_amount` of the payment was left (kopecks).

    A repeated request id brings the amounts of its first answer again, with the payment's status of today.
    """

    payment_id: str
    order_id: str
    status: PaymentStatus
    original_amount: int
    new_amount: int

    @property
    def refunded(self) -> int:
        """Kopecks that this very request gave back."""
        return self.original_amount - self.new_amount


class Acquiring:
    """Our acquiring terminal at the bank. Every call raises `TransactionOpen` inside a database transaction."""

    def __init__(
        self,
        *,
        mode: Mode,
        environment: Environment,
        url: str,
        terminal_key: str,
        password: str,
        transport: Transport | None = None,
    ):
        refuse_mismatch(mode, environment, url, terminal_key)
        self.terminal_key = terminal_key
        self._password = password
        self._transport = transport or Transport(url)

    @classmethod
    def from_settings(cls, settings: Settings, transport: Transport | None = None) -> Acquiring:
        """Raises `UnsafeGateway` where mode, environment, address and terminal do not belong together."""
        return cls(
            transport=transport,
            mode=settings.mode,
            environment=settings.tbank_environment,
            url=settings.tbank_url,
            terminal_key=settings.tbank_terminal_key,
            password=settings.tbank_password.get_secret_value(),
        )

    def init(
        self,
        *,
        order_id: str,
        amount: int,
        description: str,
        notification_url: str,
        success_url: str,
        fail_url: str,
        due: dt.datetime | None = None,
    ) -> Initiated:
        """Ask for a payment of `amount` kopecks, to be made until `due` (the bank's default is a day).

        Not idempotent: after `BankUnknown` call `check_order` first, and again only if no payment there lives.
        """
        fields: dict[str, Any] = {
            "OrderId": order_id,
            "Amount": amount,
            "Description": description[:140],
            "PayType": "O",
            "NotificationURL": notification_url,
            "SuccessURL": success_url,
            "FailURL": fail_url,
        }
        if due is not None:
            fields["RedirectDueDate"] = due.astimezone(dt.UTC).isoformat(timespec="seconds")
        answer = self._call("Init", fields).accepted().about(OrderId=order_id, Amount=amount)
        return Initiated(
            payment_id=answer.text("PaymentId"),
            order_id=order_id,
            amount=amount,
            status=PaymentStatus(answer.text("Status")),
            payment_url=answer.text("PaymentURL"),
        )

    def get_state(self, payment_id: str) -> PaymentState:
        """The one authority on a payment; a notification is only a hint to ask here."""
        answer = self._call("GetState", {"PaymentId": payment_id})
        if not answer.tells_state():
            answer.accepted()
        answer.about(PaymentId=payment_id)
        return _state(answer, answer.text("OrderId"))

    def cancel(
        self, payment_id: str, *, amount: int | None = None, external_request_id: str = ""
    ) -> Cancelled:
        """Give back `amount` kopecks (all that is left, if None), or drop a payment that nobody made.

        The same non-empty `external_request_id` (at most 256 characters) never gives back twice.
        """
        fields: dict[str, Any] = {"PaymentId": payment_id}
        if amount is not None:
            fields["Amount"] = amount
        if external_request_id:
            fields["ExternalRequestId"] = external_request_id
        answer = self._call("Cancel", fields).accepted(moves_money=True).about(PaymentId=payment_id)
        return Cancelled(
            payment_id=payment_id,
            order_id=answer.text("OrderId"),
            status=PaymentStatus(answer.text("Status")),
            original_amount=answer.kopecks("OriginalAmount"),
            new_amount=answer.kopecks("NewAmount"),
        )

    def check_order(self, order_id: str) -> tuple[PaymentState, ...]:
        """Every payment the bank knows for an order; none, if it never heard of the order."""
        answer = self._call("CheckOrder", {"OrderId": order_id})
        try:
            answer.accepted().about(OrderId=order_id)
        except BankRefused as refusal:
            if refusal.code == NO_SUCH_ORDER:
                return ()
            raise
        return tuple(_state(payment, order_id) for payment in answer.objects("Payments"))

    def _call(self, method: str, fields: dict[str, Any]) -> Answer:
        request = {"TerminalKey": self.terminal_key, **fields}
        request["Token"] = token.make(request, self._password)
        return self._transport.post(f"/v2/{method}", request).about(TerminalKey=self.terminal_key)


def _state(answer: Answer, order_id: str) -> PaymentState:
    return PaymentState(
        payment_id=answer.text("PaymentId"),
        order_id=order_id,
        amount=answer.kopecks("Amount"),
        status=PaymentStatus(answer.text("Status")),
        error_code=str(answer.fields.get("ErrorCode", "0")),
    )
