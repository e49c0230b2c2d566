"""What the audit log owes about programmes and their terms (invariant 10)."""

from erp.kernel.findings import Audited

AUDITED = [
    Audited("programme", "programme.created", "created_at"),
    Audited("terms", "terms.drafted", "created_at"),
    Audited("terms", "terms.activated", "effective_from", where="state in ('active', 'retired')"),
    Audited("terms", "terms.retired", "retired_at"),
]
