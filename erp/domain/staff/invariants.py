"""What the audit log owes about staff (invariant 10)."""

from erp.kernel.findings import Audited

AUDITED = [
    Audited("staff", "staff.added", "created_at"),
    Audited("staff", "staff.deactivated", "deactivated_at"),
    Audited("saved_view", "view.saved", "saved_at"),
]
