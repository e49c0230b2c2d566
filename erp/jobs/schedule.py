"""The one list of what runs when. Seconds are real time; due dates are read on the instance's own clock."""

from erp.kernel.schedule import Periodic

SCHEDULE = [
    Periodic("erp.jobs.outbox.sweep", 2),
    Periodic("erp.jobs.bookings.expire_overdue", 10),
    Periodic("erp.jobs.programmes.come_into_force", 5),
    Periodic("erp.jobs.commissions.mature", 5),
    Periodic("erp.jobs.commissions.settle_bonuses", 15),
    Periodic("erp.jobs.commissions.forfeit_of_closed", 15),
    Periodic("erp.jobs.commissions.carry_out_due_freezes", 15),
    Periodic("erp.jobs.disputes.carry_out_due", 15),
    Periodic("erp.jobs.payments.poll_open", 15),
    Periodic("erp.jobs.payouts.poll_open", 15),
    Periodic("erp.jobs.statements.seal", 15),
    Periodic("erp.jobs.agents.forget_codes", 3600),
    Periodic("erp.jobs.agents.forget_sessions", 3600),
    Periodic("erp.jobs.requests.forget", 3600),
    Periodic("erp.jobs.bulk.forget", 3600),
]
