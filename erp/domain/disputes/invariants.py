"""What the audit log owes about disputes."""

from erp.kernel.findings import Audited

AUDITED = [
    Audited("dispute_rule", "dispute_rule.changed", "changed_at", of="x.kind", key="kind"),
    Audited("dispute", "dispute.opened", "opened_at"),
    Audited("dispute", "dispute.upheld", "decided_at", "state = 'upheld'"),
    Audited("dispute", "dispute.partly", "decided_at", "state = 'partly'"),
    Audited("dispute", "dispute.rejected", "decided_at", "state = 'rejected'"),
    Audited("dispute_remedy", "dispute.mended", "done_at", subject="dispute", of="x.dispute_id"),
]
