"""What the audit log owes about API keys (invariant 10)."""

from erp.kernel.findings import Audited

AUDITED = [
    Audited("api_key", "api_key.issued", "created_at"),
    Audited("api_key", "api_key.revoked", "revoked_at"),
]
