"""Every deed of the audit log in words that people use, in one place."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


class Deed(NamedTuple):
    """How a deed is told: its words, its icon, and the tone of the dot."""

    title: str | LazyString
    icon: str
    tone: str = ""


DEEDS: dict[str, Deed] = {
    "bulk.confirmed": Deed(_("Confirmed for many rows"), "list-checks"),
    "view.saved": Deed(_("View saved"), "star"),
    "view.removed": Deed(_("View forgotten"), "star-off"),
    "list.exported": Deed(_("List exported"), "download"),
    "agent.registered": Deed(_("Registered"), "user-plus", "ok"),
    "agent.signed_in": Deed(_("Signed in"), "log-in"),
    "agent.signed_out": Deed(_("Signed out"), "log-out"),
    "agent.profile_changed": Deed(_("Profile changed"), "pencil"),
    "agent.activated": Deed(_("Activated"), "check", "ok"),
    "agent.suspended": Deed(_("Suspended"), "pause", "bad"),
    "agent.closed": Deed(_("Closed"), "ban", "bad"),
    "agent.settled": Deed(_("All was settled with the closed agent"), "handshake", "ok"),
    "customer.signed_up": Deed(_("Signed up"), "user-plus", "ok"),
    "booking.extended": Deed(_("Given one more term"), "calendar-plus"),
    "booking.made": Deed(_("Booked"), "bookmark", "ok"),
    "booking.moved": Deed(_("Moved to another stage"), "arrow-right"),
    "booking.released": Deed(_("Released"), "bookmark-x"),
    "booking.expired": Deed(_("Expired"), "hourglass"),
    "booking.connected": Deed(_("Connected"), "link", "ok"),
    "booking.lost": Deed(_("Lost"), "x", "bad"),
    "referral.made": Deed(_("Attributed"), "git-fork", "ok"),
    "case.opened": Deed(_("A case opened"), "scale", "wait"),
    "case.upheld": Deed(_("Decided for the one it was attributed to"), "gavel", "ok"),
    "case.transferred": Deed(_("Decided for the other agent"), "gavel", "ok"),
    "programme.created": Deed(_("Created"), "plus", "ok"),
    "terms.drafted": Deed(_("Terms drafted"), "pencil"),
    "terms.redrafted": Deed(_("Draft changed"), "pencil"),
    "terms.activated": Deed(_("Terms activated"), "play", "ok"),
    "terms.discarded": Deed(_("Draft thrown away"), "trash-2"),
    "back_test.asked": Deed(_("Asked for"), "rewind"),
    "back_test.started": Deed(_("A worker began"), "play"),
    "back_test.done": Deed(_("All agents are replayed"), "check", "ok"),
    "back_test.cancelled": Deed(_("Cancelled"), "ban"),
    "back_test.removed": Deed(_("Deleted"), "trash-2"),
    "order.placed": Deed(_("Order placed"), "shopping-cart"),
    "payment.asked": Deed(_("The bank was asked to open a payment"), "landmark"),
    "payment.asked_again": Deed(_("The bank was asked again to open it"), "landmark"),
    "payment.not_opened": Deed(_("The bank did not open it"), "circle-alert", "bad"),
    "payment.opened": Deed(_("Payment opened at the bank"), "landmark"),
    "payment.moved": Deed(_("The bank's status changed"), "refresh-cw"),
    "payment.confirmed": Deed(_("Money received"), "check", "ok"),
    "payment.refunded": Deed(_("Money went back"), "undo-2", "bad"),
    "payment.needs_attention": Deed(_("A person must look at it"), "triangle-alert", "bad"),
    "payment.attention_settled": Deed(_("Looked into"), "eye", "ok"),
    "refund.asked": Deed(_("Refund asked for"), "undo-2", "wait"),
    "refund.attested": Deed(_("Refunded total written down"), "stamp", "bad"),
    "refund.sent": Deed(_("Refund sent to the bank"), "send"),
    "refund.done": Deed(_("Refund done"), "undo-2", "bad"),
    "refund.not_done": Deed(_("Refund not done"), "circle-alert", "bad"),
    "chargeback.recorded": Deed(_("Charged back"), "undo-2", "bad"),
    "chargeback_reversal.recorded": Deed(_("A chargeback was won back"), "redo-2", "ok"),
    "settlement.recorded": Deed(_("Settlement written down"), "landmark", "ok"),
    "settlement.voided": Deed(_("Settlement voided"), "ban", "bad"),
    "write_off.asked": Deed(_("Writing off asked for"), "eraser", "wait"),
    "write_off.approved": Deed(_("Written off"), "eraser", "ok"),
    "write_off.refused": Deed(_("Writing off refused"), "ban", "bad"),
    "payout_run.prepared": Deed(_("Prepared"), "layers", "wait"),
    "payout_run.approved": Deed(_("Approved"), "check", "ok"),
    "payout_run.cancelled": Deed(_("Cancelled"), "ban"),
    "payout_run.done": Deed(_("Every transfer has ended"), "check-check", "ok"),
    "payout.checking": Deed(_("The bank is asked whose phone it is"), "user-search"),
    "payout.checked": Deed(_("The name fits"), "user-check", "ok"),
    "payout.sent": Deed(_("Sent to the bank"), "send"),
    "payout.on_its_way": Deed(_("The bank has it"), "landmark"),
    "payout.not_sent": Deed(_("Nothing was sent"), "circle-alert", "wait"),
    "payout.check_lapsed": Deed(_("The check of the name lapsed: begun anew"), "hourglass", "wait"),
    "payout.unknown": Deed(_("No final answer yet: the bank is asked"), "hourglass", "wait"),
    "payout.paid": Deed(_("Paid"), "landmark", "ok"),
    "payout.failed": Deed(_("Refused by the bank"), "circle-alert", "bad"),
    "payout.retried": Deed(_("Tried again"), "rotate-cw", "wait"),
    "payout.settlement_proposed": Deed(_("Somebody found out what became of it"), "stamp", "wait"),
    "payout.settlement_confirmed": Deed(_("Confirmed by a second person"), "check", "ok"),
    "payout.returned": Deed(_("Came back"), "undo-2", "bad"),
    "payout.withdrawn": Deed(_("Taken out of the run"), "x"),
    "commission.frozen": Deed(_("Frozen"), "snowflake", "bad"),
    "commission.forfeited": Deed(_("Forfeited"), "ban", "bad"),
    "commission.taken_back": Deed(_("Taken back"), "undo-2", "bad"),
    "commission.released": Deed(_("Let go of"), "lock-open", "ok"),
    "commissions.accrued": Deed(_("Commissions booked"), "percent", "ok"),
    "period.closing_proposed": Deed(_("Closing of a month proposed"), "calendar-check", "wait"),
    "period.closing_withdrawn": Deed(_("Proposal withdrawn"), "x"),
    "period.closed": Deed(_("Month closed"), "lock", "ok"),
    "statement.sealed": Deed(_("Statement sealed"), "stamp", "ok"),
    "statement.exported": Deed(_("Statement exported"), "download"),
    "seal_root.signed": Deed(_("Root of seals signed"), "stamp", "ok"),
    "freeze_rule.changed": Deed(_("Deadline of freezes changed"), "timer"),
    "staff.added": Deed(_("Added"), "user-plus", "ok"),
    "staff.signed_in": Deed(_("Signed in"), "log-in"),
    "staff.roles_changed": Deed(_("Roles changed"), "user-cog"),
    "staff.deactivated": Deed(_("Deactivated"), "ban", "bad"),
    "staff.reactivated": Deed(_("Reactivated"), "user-check", "ok"),
    "staff.password_changed": Deed(_("Password changed"), "key-round"),
    "staff.password_set": Deed(_("First password set"), "key-round", "wait"),
    "staff.sessions_ended": Deed(_("Signed out elsewhere"), "log-out"),
    "staff.preferences_changed": Deed(_("Preferences changed"), "sliders-horizontal"),
    "api_key.issued": Deed(_("Made"), "key-round", "ok"),
    "api_key.revoked": Deed(_("Revoked"), "ban", "bad"),
    "establishments.imported": Deed(_("Imported from a list"), "file-input", "ok"),
    "job.retried": Deed(_("Tried again"), "rotate-cw"),
    "clock.moved": Deed(_("The clock was moved"), "clock"),
}
"""Deeds of the audit log by name. One that nobody has worded here is told by its bare name."""

SUBJECTS: dict[str, LazyString] = {
    "agent": _("Agent"),
    "api_key": _("API key"),
    "attribution_case": _("Case"),
    "back_test": _("Back-test"),
    "booking": _("Booking"),
    "clock": _("Clock"),
    "commission": _("Commission"),
    "customer": _("Customer"),
    "customer_order": _("Order"),
    "event": _("Event"),
    "import": _("Import"),
    "job": _("Job"),
    "payment": _("Payment"),
    "payout": _("Payout"),
    "payout_run": _("Payout run"),
    "saved_view": _("Saved view"),
    "bulk_deed": _("A deed for many rows"),
    "list": _("List"),
    "freeze_rule": _("Deadline of freezes"),
    "period_closing": _("Closing of a month"),
    "programme": _("Programme"),
    "referral": _("Referral"),
    "refund": _("Refund"),
    "settlement": _("Settlement"),
    "chargeback": _("Chargeback"),
    "write_off": _("Write-off"),
    "seal_root": _("Root of seals"),
    "staff": _("Colleague"),
    "statement": _("Statement"),
    "terms": _("Terms"),
}
"""What deeds are done to."""


def subject_name(subject_type: str) -> str:
    return str(SUBJECTS.get(subject_type, subject_type))


def deed(action: str) -> Deed:
    """How "booking.made" is told."""
    return DEEDS.get(action) or Deed(action.partition(".")[2].replace("_", " ").capitalize(), "circle")
