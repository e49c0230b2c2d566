"""Every state of the product: its word on the screen and the tone of its tag, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString


class State(NamedTuple):
    """Tones: `wait` is somebody's move, `go` is under way, `ok` is good, `bad` needs care, `idle` is over."""

    tone: str
    label: str | LazyString


STATES: dict[str, State] = {
    # establishments
    "free": State("ok", _("Free")),
    # bookings
    "booking.open": State("wait", lazy_pgettext("booking", "Open")),
    "booked": State("wait", _("Booked")),
    "contacted": State("go", _("Contacted")),
    "meeting": State("go", _("Meeting")),
    "agreed": State("go", _("Agreed")),
    "connected": State("ok", _("Connected")),
    "released": State("idle", _("Released")),
    "expired": State("idle", _("Expired")),
    "lost": State("bad", _("Lost")),
    # what a referral rests on, and who the customer and the agent are
    "booking": State("idle", _("Booking")),
    "code": State("idle", _("Code")),
    "click": State("idle", _("Click")),
    "establishment": State("idle", _("Establishment")),
    "company": State("idle", _("Company")),
    "consumer": State("idle", _("Consumer")),
    "person": State("idle", _("Person")),
    "organisation": State("idle", _("Organisation")),
    "customer": State("idle", _("Customer")),
    "sales_rep": State("idle", _("Sales representative")),
    # agents, staff, keys, programmes and terms
    "pending": State("wait", _("Pending")),
    "active": State("ok", _("Active")),
    "inactive": State("idle", _("Inactive")),
    "suspended": State("bad", _("Suspended")),
    "closed": State("idle", _("Closed")),
    "revoked": State("idle", _("Revoked")),
    "draft": State("wait", _("Draft")),
    "scheduled": State("go", _("Scheduled")),
    "retired": State("idle", _("Retired")),
    # back-tests
    "back_test.waiting": State("wait", _("Waits for a worker")),
    "back_test.running": State("go", _("Under way")),
    "back_test.failed": State("bad", _("Failed")),
    "back_test.done": State("ok", _("Done")),
    "back_test.cancelled": State("idle", _("Cancelled")),
    # attribution cases
    "open": State("wait", _("Open")),
    "upheld": State("ok", _("Upheld")),
    "transferred": State("go", _("Transferred")),
    # orders and payments
    "asked": State("wait", _("Asked")),
    "new": State("wait", _("New")),
    "authorizing": State("go", _("Being authorised")),
    "preauthorizing": State("go", _("Being authorised")),
    "3ds_checking": State("go", _("The payer is checked")),
    "3ds_checked": State("go", _("The payer is checked")),
    "pay_checking": State("go", _("Being confirmed")),
    "confirming": State("go", _("Being confirmed")),
    "confirm_checking": State("go", _("Being confirmed")),
    "cancel_checking": State("go", _("Being let go")),
    "partial_reversed": State("go", _("Partly let go")),
    "auth_fail": State("bad", _("Declined")),
    "refused": State("bad", _("Refused")),
    "canceled": State("idle", _("Cancelled")),
    "deadline_expired": State("idle", _("Not paid in time")),
    "attempts_expired": State("idle", _("Not paid in time")),
    "reversing": State("go", _("Being let go")),
    "refunding": State("go", _("Being refunded")),
    "async_refunding": State("go", _("Being refunded")),
    "form_showed": State("wait", _("At the bank")),
    "authorized": State("go", _("Authorised")),
    "confirmed": State("ok", _("Confirmed")),
    "partial_refunded": State("bad", _("Partly refunded")),
    "partially_refunded": State("bad", _("Partly refunded")),
    "refunded": State("bad", _("Refunded")),
    "charged_back": State("bad", _("Charged back")),
    "bank_checked": State("ok", _("Checked at the bank")),
    "attested": State("idle", _("Attested")),
    # what a notification of the bank was, and why a payment needs a person
    "accepted": State("ok", _("Accepted")),
    "duplicate": State("idle", _("Known already")),
    "bad_token": State("bad", _("Not signed by the bank")),
    "unknown_order": State("bad", _("No such order")),
    "wrong_amount": State("bad", _("The amount is not what we asked for")),
    "wrong_order": State("bad", _("The bank names another order")),
    "paid_twice": State("bad", _("The order was paid twice")),
    "refund_total_unknown": State("bad", _("Refunded elsewhere: the total is not known")),
    "refund_differs": State("bad", _("The bank refunded another sum than asked")),
    "other": State("idle", _("Nothing for us")),
    # commissions: kinds and states
    "accrual": State("ok", _("Commission")),
    "commission": State("ok", _("Commission")),
    "reversal": State("bad", _("Reversal")),
    "true_up": State("go", _("True-up")),
    "on_hold": State("wait", _("On hold")),
    "nothing": State("idle", _("Nothing left")),
    "paid_out": State("ok", _("Paid out")),
    "credited": State("ok", _("Given as credit")),
    "matured": State("ok", _("Available")),
    "available": State("ok", _("Available")),
    "frozen": State("bad", _("Frozen")),
    "settled": State("idle", _("Paid out")),
    "reversed": State("bad", _("Reversed")),
    # disputes: kinds, what becomes of them
    "partly": State("go", _("Partly upheld")),
    "dispute.open": State("wait", lazy_pgettext("dispute", "Open")),
    "dispute.upheld": State("ok", _("The agent was right")),
    "dispute.rejected": State("bad", _("Dispute rejected")),
    "decided": State("idle", _("Decided")),
    "dispute.missing": State("idle", _("Something is missing")),
    "dispute.wrong": State("idle", _("The amount is wrong")),
    "dispute.refused": State("idle", _("Something was refused")),
    "dispute.stay": State("idle", _("It stays open")),
    "dispute.uphold": State("ok", _("The agent is right")),
    "dispute.reject": State("bad", _("It is rejected")),
    # reversals by hand
    "reversal.proposed": State("wait", _("Waits for a second person")),
    "reversal.done": State("ok", lazy_pgettext("ledger", "Booked")),
    "reversal.withdrawn": State("idle", _("Withdrawn")),
    "reversal.take_back": State("bad", _("Taken back")),
    "reversal.undo": State("ok", _("Given back")),
    # re-rates
    "rerate.proposed": State("wait", _("Waits for a second person")),
    "rerate.approved": State("ok", _("Approved")),
    "rerate.refused": State("bad", _("Refused")),
    "rerate.withdrawn": State("idle", _("Withdrawn")),
    # what froze a commission, and what happens to it if nobody decides
    "attribution_case": State("wait", _("Case")),
    "agent_suspended": State("bad", _("Agent suspended")),
    "agent_closed": State("idle", _("Agent closed")),
    "by_hand": State("go", _("By hand")),
    "freeze.release": State("ok", _("It is let go")),
    "freeze.take_back": State("bad", _("It is taken back")),
    "freeze.stay": State("idle", _("It stays frozen")),
    # accounts of an agent and entries in them
    "in_payout": State("go", _("In payout")),
    "maturity": State("ok", _("Hold over")),
    "freeze": State("bad", _("Frozen")),
    "forfeiture": State("bad", _("Forfeited")),
    "forfeited": State("bad", _("Forfeited")),
    "release": State("ok", _("Let go")),
    "payout_approved": State("go", _("Payout approved")),
    "payout_paid": State("ok", _("Payout paid")),
    "payout_failed": State("bad", _("Payout failed")),
    "payout_returned": State("bad", _("Payout returned")),
    # entries in the owner's accounts, and why a debt is given up
    "payment_received": State("ok", _("Payment received")),
    "payment_refunded": State("bad", _("Payment refunded")),
    "payment_charged_back": State("bad", _("Payment charged back")),
    "chargeback": State("bad", _("Chargeback")),
    "chargeback_reversal": State("ok", _("Chargeback reversed")),
    "chargeback_reversed": State("ok", _("Chargeback reversed")),
    "bank_fee": State("idle", _("Bank fee")),
    "settlement": State("ok", _("Settlement")),
    "settlement_voided": State("bad", _("Settlement voided")),
    "contributions": State("idle", _("Contributions")),
    "contributions_returned": State("idle", _("Contributions returned")),
    "write_off": State("bad", _("Debt written off")),
    "uncollectable": State("idle", _("It cannot be collected")),
    "agent_gone": State("idle", _("The agent is gone")),
    "too_small": State("idle", _("Too small to pursue")),
    "our_mistake": State("idle", _("Our own mistake")),
    # why nobody pays an agent now
    "not_active": State("bad", _("The agent is not active")),
    "not_paid_by_bank": State("idle", _("Agents of this kind are not paid by bank")),
    "no_name": State("wait", _("The agent has not given a name")),
    "no_bank": State("wait", _("The agent has not chosen a bank")),
    "payout_open": State("go", _("Another payout of this agent has not ended")),
    "in_debt": State("bad", _("The agent owes money")),
    "below_minimum": State("idle", _("Less than the smallest transfer")),
    "nothing_open": State("idle", _("Nothing is open for payout")),
    # payouts and payout runs
    "prepared": State("wait", _("Prepared")),
    "approved": State("go", _("Approved")),
    "executing": State("go", _("Executing")),
    "checking": State("go", _("Checking the name")),
    "checked": State("go", _("Name checked")),
    "begun": State("go", _("Begun")),
    "paying": State("go", _("Being sent")),
    "completing": State("go", _("At the bank")),
    "abandoned": State("idle", _("Never used")),
    "withdrawn": State("idle", _("Taken out")),
    "sent": State("go", _("Sent")),
    "processing": State("go", _("At the bank")),
    "unknown": State("wait", _("Asking the bank")),
    "paid": State("ok", _("Paid")),
    "executed": State("ok", _("Executed")),
    "completed": State("ok", _("Completed")),
    "returned": State("bad", _("Returned")),
    "rejected": State("bad", _("Rejected")),
    "cancelled": State("idle", _("Cancelled")),
    # of one noun alone, where the same word means something else or is declined otherwise
    "account.pending": State("wait", _("On hold")),
    "account.credit": State("ok", _("Credit to spend")),
    "account.clearing": State("idle", _("Acquirer clearing")),
    "account.bank": State("idle", _("Bank account")),
    "account.revenue": State("idle", _("Revenue")),
    "account.vat": State("idle", _("VAT")),
    "account.fee": State("idle", _("Bank fees")),
    "account.expense": State("idle", _("Commission expense")),
    "account.contributions": State("idle", _("Social contributions")),
    "account.payable": State("idle", _("Contributions payable")),
    "account.tax_withheld": State("idle", _("Tax withheld")),
    "account.bad_debt": State("idle", _("Bad debt")),
    "event.sign_up": State("ok", _("Sign-up")),
    "event.payment": State("ok", _("Payment")),
    "event.refund": State("bad", _("Refund")),
    "programme.active": State("ok", lazy_pgettext("programme", "Active")),
    "terms.active": State("ok", lazy_pgettext("terms", "Active")),
    # settlements, write-offs and months of the books
    "booked_down": State("ok", _("In the books")),
    "voided": State("bad", _("Voided")),
    "write_off.asked": State("wait", _("To decide")),
    "write_off.approved": State("ok", _("Written off")),
    "write_off.refused": State("idle", _("Left as it is")),
    "unfinished.frozen_commissions": State("bad", _("Frozen commissions")),
    "unfinished.unknown_payouts": State("wait", _("Payouts without an answer")),
    "unfinished.puzzling_payments": State("bad", _("Payments to look at")),
    "unfinished.write_offs_to_decide": State("wait", _("Debts to write off")),
    "unfinished.not_settled": State("wait", _("Held by the acquirer")),
    "month.open": State("go", lazy_pgettext("month", "Open")),
    "month.over": State("wait", _("To be closed")),
    "month.proposed": State("wait", _("Closing proposed")),
    "month.closed": State("idle", lazy_pgettext("month", "Closed")),
    # jobs
    "queued": State("go", _("Queued")),
    "waiting": State("wait", _("Waiting")),
    "running": State("go", _("Running")),
    "retrying": State("wait", _("Will be retried")),
    "done": State("ok", _("Done")),
    "ready": State("go", _("Will be done")),
    "failed": State("bad", _("Failed")),
    "not_sent": State("bad", _("Not sent")),
    "given_up": State("bad", _("Given up")),
}


def state_of(name: str) -> State:
    """The tag of a state; "terms.active" where terms need a word of their own, otherwise that of "active".

    One that nobody has named here shows its bare name, in the quiet tone.
    """
    bare = name.rpartition(".")[2]
    return STATES.get(name) or STATES.get(bare) or State("idle", bare.replace("_", " ").capitalize())


def stated(names: Iterable[str]) -> list[tuple[str, str | LazyString]]:
    """States as the choices of a filter."""
    return [(name, state_of(name).label) for name in names]
