"""What each problem is called: the stable code, which is for programs, in words for people."""

from __future__ import annotations

from erp.kernel.sentences import Sentence

TITLES = {
    "agent_closed": Sentence("Agent closed"),
    "agent_may_not_book": Sentence("Agent may not book"),
    "agent_state": Sentence("Not in this state of the agent"),
    "already_booked": Sentence("Already booked"),
    "already_connected": Sentence("Already connected"),
    "already_extended": Sentence("Already extended"),
    "already_paid": Sentence("Already paid"),
    "api_key_name_taken": Sentence("API key name taken"),
    "bad_request": Sentence("Bad request"),
    "balance_changed": Sentence("Balance changed"),
    "bank_away": Sentence("Bank away"),
    "booking_ended": Sentence("Booking ended"),
    "booking_stage": Sentence("Not at this stage of the booking"),
    "cannot_transfer": Sentence("Cannot transfer"),
    "case_decided": Sentence("Case decided"),
    "draft_changed": Sentence("Draft changed"),
    "changed_meanwhile": Sentence("Changed meanwhile"),
    "clock_has_run": Sentence("Clock has run"),
    "clock_is_real": Sentence("Clock is real"),
    "email_taken": Sentence("E-mail taken"),
    "forbidden": Sentence("Forbidden"),
    "form_expired": Sentence("Form expired"),
    "idempotency_key_reused": Sentence("Idempotency key reused"),
    "internal_error": Sentence("Internal error"),
    "invalid": Sentence("Invalid values"),
    "last_admin": Sentence("Last administrator"),
    "method_not_allowed": Sentence("Method not allowed"),
    "no_active_terms": Sentence("No active terms"),
    "not_a_draft": Sentence("Not a draft"),
    "not_found": Sentence("Not found"),
    "not_refundable": Sentence("Not refundable"),
    "nothing_to_pay": Sentence("Nothing to pay"),
    "order_differs": Sentence("Order differs"),
    "own_account": Sentence("Own account"),
    "payment_being_opened": Sentence("Payment being opened"),
    "payout_open": Sentence("Payout open"),
    "payout_state": Sentence("Not in this state of the payout"),
    "programme_key_taken": Sentence("Programme key taken"),
    "refund_in_progress": Sentence("Refund in progress"),
    "refused": Sentence("Refused"),
    "request_entity_too_large": Sentence("Request too large"),
    "run_not_a_draft": Sentence("Run not a draft"),
    "same_person": Sentence("Same person"),
    "self_referral": Sentence("Self-referral"),
    "session_over": Sentence("Session over"),
    "sign_up_conflict": Sentence("Sign-up conflict"),
    "too_many_bookings": Sentence("Too many bookings"),
    "too_many_codes": Sentence("Too many codes"),
    "too_many_requests": Sentence("Too many requests"),
    "unauthenticated": Sentence("Not signed in"),
    "unknown_api_key": Sentence("Unknown API key"),
    "unsupported_media_type": Sentence("Content type not accepted"),
    "wrong_code": Sentence("Wrong code"),
    "wrong_password": Sentence("Wrong password"),
    "wrong_credentials": Sentence("Wrong e-mail address or password"),
}


def title_of(code: str) -> Sentence:
    """A code that nobody has worded is told as it is."""
    return TITLES.get(code) or Sentence(code.replace("_", " ").capitalize())
