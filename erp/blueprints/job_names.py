"""What each job does, in words that people use."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

NAMES: dict[str, LazyString] = {
    "erp.jobs.agents.forget_codes": _("Forget old sign-in codes"),
    "erp.jobs.agents.forget_sessions": _("Forget old sessions of agents"),
    "erp.jobs.agents.send_code": _("Send a sign-in code"),
    "erp.jobs.backtests.run": _("Replay a back-test"),
    "erp.jobs.bookings.expire_overdue": _("End bookings whose time is over"),
    "erp.jobs.bulk.carry_on": _("Carry on with a deed for many rows"),
    "erp.jobs.bulk.forget": _("Forget what was chosen for deeds long ago"),
    "erp.jobs.clock.catch_up": _("Catch up after the clock was moved"),
    "erp.jobs.commissions.accrue": _("Book commissions"),
    "erp.jobs.commissions.mature": _("Make commissions available whose hold is over"),
    "erp.jobs.commissions.release_frozen_of_agent": _("Let go of an agent's frozen commissions"),
    "erp.jobs.notices.announce_terms": _("Announce new terms to agents"),
    "erp.jobs.notices.call_off_terms": _("Tell agents that announced terms do not come"),
    "erp.jobs.notices.tell": _("Tell an agent of terms"),
    "erp.jobs.rerates.count": _("Count what agents win or lose by a re-rate"),
    "erp.jobs.outbox.sweep": _("Hand over work that was left lying"),
    "erp.jobs.payments.follow": _("Ask the bank about a payment"),
    "erp.jobs.payments.init_payment": _("Open a payment at the bank"),
    "erp.jobs.payments.poll_open": _("Ask the bank about open payments"),
    "erp.jobs.payments.send_refund": _("Send a refund to the bank"),
    "erp.jobs.payouts.execute": _("Send a payout to the bank"),
    "erp.jobs.payouts.follow": _("Ask the bank about a payout"),
    "erp.jobs.payouts.poll_open": _("Ask the bank about open payouts"),
    "erp.jobs.commissions.carry_out_due_freezes": _("Do what was chosen where nobody decided about a freeze"),
    "erp.jobs.disputes.tell": _("Tell an agent of words or a decision about a dispute"),
    "erp.jobs.disputes.carry_out_due": _("Do what was chosen where nobody decided about a dispute"),
    "erp.jobs.commissions.settle_bonuses": _("Settle bonuses whose deadline has passed"),
    "erp.jobs.commissions.forfeit_of_closed": _("Give back what the terms of closed agents forfeit"),
    "erp.jobs.bookings.release_of_agent": _("Release what a closed agent had booked"),
    "erp.jobs.programmes.come_into_force": _("Bring scheduled terms into force"),
    "erp.jobs.statements.seal": _("Seal the statements of months that are over"),
    "erp.jobs.requests.forget": _("Forget answers to repeated requests"),
}
"""By their dotted names. A test fails for a job that has none."""


def job_name(job: str) -> str:
    known = NAMES.get(job)
    return str(known) if known else job
