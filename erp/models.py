"""Every table of Ref in one place, for migrations and for the test that both agree."""

from erp.kernel import audit, idempotency, mode, outbox, personal, schedule
from erp.kernel.db import db

metadata = db.metadata
__all__ = ["audit", "idempotency", "metadata", "mode", "outbox", "personal", "schedule"]
