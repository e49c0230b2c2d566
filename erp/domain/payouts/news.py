"""The jobs that payouts cause, by name."""

EXECUTE = "erp.jobs.payouts.execute"
FOLLOW = "erp.jobs.payouts.follow"
