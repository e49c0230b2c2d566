"""What the audit log owes about agents (invariant 10)."""

from erp.kernel.findings import Audited

AUDITED = [
    Audited("agent", "agent.registered", "registered_at"),
    Audited("agent", "agent.activated", "activated_at"),
    Audited("agent", "agent.suspended", "suspended_at"),
    Audited("agent", "agent.closed", "closed_at"),
]
