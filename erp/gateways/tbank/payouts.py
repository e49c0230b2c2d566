"""Mass payouts by SBP: how agents are paid by phone number, in two steps within 180 seconds (protocol facts B1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from erp.config import Settings
from erp.gateways.outside import UnsafeGateway
from erp.gateways.tbank.signature import Signer
from erp.gateways.tbank.terminal import Environment, Mode, refuse_mismatch
from erp.gateways.tbank.transport import Answer, Transport

PAY_WITHIN = dt.timedelta(seconds=180)
"""How long after a check the bank still sends the money."""


class PayoutStatus(StrEnum):
    """Where a payout stands at the bank. A word we do not know is UNKNOWN: ask again later."""

    NEW = "NEW"
    AUTHORIZING = "AUTHORIZING"
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    COMPLETING = "COMPLETING"
    CREDIT_CHECKING = "CREDIT_CHECKING"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> PayoutStatus:
        return cls.UNKNOWN

    @property
    def is_final(self) -> bool:
        """Paid, or certainly not paid."""
        return self in (PayoutStatus.COMPLETED, PayoutStatus.REJECTED)


@dataclass(frozen=True)
class SbpMember:
    """A bank that takes part in SBP."""

    id: str
    name: str
    name_russian: str


@dataclass(frozen=True)
class Checked:
    """A payout the bank is ready to make; no money has moved. CHECKED unless it still looks or has given up.

    `recipient_name` is how the recipient's bank calls the phone's owner ("Иван Иванович И."), if it says so.
    """

    payment_id: str
    order_id: str
    amount: int
    status: PayoutStatus
    recipient_name: str | None
    recipient_is_resident: bool | None
    account_mask: str | None


@dataclass(frozen=True)
class PayoutState:
    """The bank's truth about one payout; `status_code` and `status_message` say why it was rejected."""

    payment_id: str
    order_id: str
    amount: int
    status: PayoutStatus
    status_code: str
    status_message: str
    recipient_name: str | None
    sbp_id: str | None


class Payouts:
    """Our payout terminal at the bank. Every call raises `TransactionOpen` inside a database transaction."""

    def __init__(
        self,
        *,
        mode: Mode,
        environment: Environment,
        url: str,
        terminal_key: str,
        signer: Signer,
        transport: Transport | None = None,
    ):
        refuse_mismatch(mode, environment, url, terminal_key)
        if not terminal_key.removesuffix("DEMO").endswith("E2C"):
            raise UnsafeGateway(
                f"{terminal_key} is no payout terminal: its key would end with E2C or E2CDEMO"
            )
        self.terminal_key = terminal_key
        self._signer = signer
        self._transport = transport or Transport(url)

    @classmethod
    def from_settings(cls, settings: Settings, transport: Transport | None = None) -> Payouts:
        """Raises `UnsafeGateway` without a usable key, or where mode, environment, address and terminal do not fit."""
        signer = Signer.from_file(
            settings.tbank_payout_private_key,
            settings.tbank_payout_certificate_serial,
            digest_twice=settings.tbank_sign_digest_twice,
        )
        return cls(
            transport=transport,
            mode=settings.mode,
            environment=settings.tbank_environment,
            url=settings.tbank_url,
            terminal_key=settings.tbank_payout_terminal_key,
            signer=signer,
        )

    def members(self) -> tuple[SbpMember, ...]:
        """The banks to which money can go by phone number."""
        answer = self._call("GetSbpMembers", {}).accepted()
        return tuple(
            SbpMember(member.text("MemberId"), member.text("MemberName"), member.text("MemberNameRus"))
            for member in answer.objects("Members")
        )

    def check(self, *, order_id: str, phone: str, member_id: str, amount: int, purpose: str) -> Checked:
        """Have the bank look at a payout of `amount` kopecks and learn the recipient's name. Moves no money.

        After `BankUnknown` or `BankUnreachable` it is called again with the same `order_id`. `BankRefused` with
        kind CONFLICT means that money of this order is already under way, perhaps as its `payment_id`.
        """
        fields = {
            "OrderId": order_id,
            "PhoneNumber": phone.lstrip("+"),
            "SbpMemberId": member_id,
            "Amount": amount,
            "DATA": {"PaymentPurposeDetails": purpose[:110]},
        }
        answer = self._call("v2/Init", fields).about(OrderId=order_id, Amount=amount).accepted()
        resident = answer.fields.get("IsRecipientResident")
        return Checked(
            payment_id=answer.text("PaymentId"),
            order_id=order_id,
            amount=amount,
            status=PayoutStatus(answer.text("Status")),
            recipient_name=answer.optional_text("RecipientShortName"),
            recipient_is_resident=resident if isinstance(resident, bool) else None,
            account_mask=answer.optional_text("MaskAccountNumber"),
        )

    def pay(self, payment_id: str) -> PayoutState:
        """Send the money of a checked payout, once, within 180 seconds of the check.

        `BankRefused` is certain: nothing left. After `BankUnknown` only `state` may be called, never `pay`.
        """
        answer = self._call("v2/Payment", {"PaymentId": payment_id}).accepted(moves_money=True)
        return _state(answer.about(PaymentId=payment_id))

    def state(self, payment_id: str) -> PayoutState:
        """The one authority on a payout. CHECKED after an unknown `pay` is not "not sent" until REJECTED follows."""
        answer = self._call("GetState", {"PaymentId": payment_id})
        if not answer.tells_state():
            answer.accepted()
        return _state(answer.about(PaymentId=payment_id))

    def _call(self, path: str, fields: dict[str, Any]) -> Answer:
        request = self._signer.sign({"TerminalKey": self.terminal_key, **fields})
        return self._transport.post(f"/a2c/sbp/{path}", request).about(TerminalKey=self.terminal_key)


def _state(answer: Answer) -> PayoutState:
    return PayoutState(
        payment_id=answer.text("PaymentId"),
        order_id=answer.text("OrderId"),
        amount=answer.kopecks("Amount"),
        status=PayoutStatus(answer.text("Status")),
        status_code=str(answer.fields.get("StatusCode", "0")),
        status_message=str(answer.fields.get("StatusMessage", "")),
        recipient_name=answer.optional_text("RecipientShortName"),
        sbp_id=answer.optional_text("SbpId"),
    )
