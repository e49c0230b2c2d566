"""What the audit log owes about back-tests (invariant 10)."""

from erp.kernel.findings import Audited

AUDITED = [
    Audited("back_test", "back_test.asked", "asked_at"),
    Audited("back_test", "back_test.started", "started_at"),
]
