"""T-Bank: acquiring (customers pay the owner) and payouts by SBP (the owner pays agents). Amounts are kopecks.

The domain calls what is named here and nothing else:

- `Acquiring.from_settings(settings)`: `init`, `get_state`, `cancel`, `check_order`;
- `Payouts.from_settings(settings)`: `members`, `check`, `pay`, `state`;
- `read_payment_notification(raw, ...)`, `read_payout_notification(raw, ...)`.

A call ends in one of four ways. It returns: the bank did it. `BankRefused`: it did not, for certain; `kind` says
what to do about it. `BankUnknown`: it may have; keep the key, ask `get_state`, `check_order` or `state`.
`BankUnreachable`: nothing was sent. No call is repeated in here, and every call raises `TransactionOpen` while a
database transaction is open. A gateway that could move the wrong money does not construct: `UnsafeGateway`.
"""

from erp.gateways.outside import UnsafeGateway
from erp.gateways.tbank.acquiring import Acquiring, Cancelled, Initiated, PaymentState, PaymentStatus
from erp.gateways.tbank.notifications import (
    BadNotification,
    BankNotification,
    UnknownShape,
    read_payment_notification,
    read_payout_notification,
)
from erp.gateways.tbank.outcomes import BankError, BankRefused, BankUnknown, BankUnreachable, RefusalKind
from erp.gateways.tbank.payouts import PAY_WITHIN, Checked, Payouts, PayoutState, PayoutStatus, SbpMember

__all__ = [
    "PAY_WITHIN",
    "Acquiring",
    "BadNotification",
    "BankError",
    "BankNotification",
    "BankRefused",
    "BankUnknown",
    "BankUnreachable",
    "Cancelled",
    "Checked",
    "Initiated",
    "PaymentState",
    "PaymentStatus",
    "PayoutState",
    "PayoutStatus",
    "Payouts",
    "RefusalKind",
    "SbpMember",
    "UnknownShape",
    "UnsafeGateway",
    "read_payment_notification",
    "read_payout_notification",
]
