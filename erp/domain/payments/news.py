"""The jobs that payments cause, by name."""

ACCRUE = "erp.jobs.commissions.accrue"
FOLLOW = "erp.jobs.payments.follow"
INIT = "erp.jobs.payments.init_payment"
SEND_REFUND = "erp.jobs.payments.send_refund"
