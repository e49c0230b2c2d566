"""Every state of the product: its word on the screen and the tone of its tag, in one place."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


class State(NamedTuple):
    """Tones: `wait` is somebody's move, `go` is under way, `ok` is good, `bad` needs care, `idle` is over."""

    tone: str
    label: str | LazyString


STATES: dict[str, State] = {
    # establishments
    "free": State("ok", _("Free")),
    # bookings
    "booked": State("wait", _("Booked")),
    "contacted": State("go", _("Contacted")),
    "meeting": State("go", _("Meeting")),
    "agreed": State("go", _("Agreed")),
    "connected": State("ok", _("Connected")),
    "released": State("idle", _("Released")),
    "expired": State("idle", _("Expired")),
    "lost": State("bad", _("Lost")),
    # agents, staff, keys, programmes and terms
    "pending": State("wait", _("Pending")),
    "active": State("ok", _("Active")),
    "inactive": State("idle", _("Inactive")),
    "suspended": State("bad", _("Suspended")),
    "closed": State("idle", _("Closed")),
    "revoked": State("idle", _("Revoked")),
    "draft": State("wait", _("Draft")),
    "retired": State("idle", _("Retired")),
    # attribution cases
    "open": State("wait", _("Open")),
    "upheld": State("ok", _("Upheld")),
    "overturned": State("bad", _("Overturned")),
    "moved": State("go", _("Moved")),
    "split": State("go", _("Split")),
    "dismissed": State("idle", _("Dismissed")),
    # orders and payments
    "new": State("wait", _("New")),
    "form_showed": State("wait", _("At the bank")),
    "authorized": State("go", _("Authorised")),
    "confirmed": State("ok", _("Confirmed")),
    "partial_refunded": State("bad", _("Partly refunded")),
    "partially_refunded": State("bad", _("Partly refunded")),
    "refunded": State("bad", _("Refunded")),
    "charged_back": State("bad", _("Charged back")),
    "bank_checked": State("ok", _("Checked at the bank")),
    "attested": State("idle", _("Attested")),
    # commissions: kinds and states
    "accrual": State("ok", _("Commission")),
    "commission": State("ok", _("Commission")),
    "reversal": State("bad", _("Reversal")),
    "true_up": State("go", _("True-up")),
    "held": State("wait", _("On hold")),
    "matured": State("ok", _("Available")),
    "available": State("ok", _("Available")),
    "frozen": State("bad", _("Frozen")),
    "settled": State("idle", _("Paid out")),
    "reversed": State("bad", _("Reversed")),
    # payouts and payout runs
    "prepared": State("wait", _("Prepared")),
    "approved": State("go", _("Approved")),
    "executing": State("go", _("Executing")),
    "checking": State("go", _("Checking the name")),
    "checked": State("go", _("Name checked")),
    "sending": State("go", _("Being sent")),
    "sent": State("go", _("Sent")),
    "processing": State("go", _("At the bank")),
    "unknown": State("wait", _("Asking the bank")),
    "paid": State("ok", _("Paid")),
    "executed": State("ok", _("Executed")),
    "completed": State("ok", _("Completed")),
    "returned": State("bad", _("Returned")),
    "rejected": State("bad", _("Rejected")),
    "cancelled": State("idle", _("Cancelled")),
    # jobs
    "queued": State("go", _("Queued")),
    "waiting": State("wait", _("Waiting")),
    "running": State("go", _("Running")),
    "retrying": State("wait", _("Will be retried")),
    "done": State("ok", _("Done")),
    "failed": State("bad", _("Failed")),
    "given_up": State("bad", _("Given up")),
}


def state_of(name: str) -> State:
    """The tag of a state. One that nobody has named here shows its bare name, in the quiet tone."""
    return STATES.get(name) or State("idle", name.replace("_", " ").capitalize())
