"""Every table of Ref in one place, for migrations and for the test that both agree."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from erp import domain
from erp.kernel import audit, bulk, idempotency, mode, outbox, personal, schedule
from erp.kernel.db import db

for context in iter_modules(domain.__path__, "erp.domain."):
    if find_spec(f"{context.name}.model"):
        import_module(f"{context.name}.model")

metadata = db.metadata
__all__ = ["audit", "bulk", "idempotency", "metadata", "mode", "outbox", "personal", "schedule"]
