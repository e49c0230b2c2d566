"""Real PostgreSQL and Valkey for one machine, from wheels: for trying Ref out, for its tests, for a small office.

Set DATABASE_URL and REDIS_URL, and nothing here is used.
"""

from erp.embedded.guard import Guard
from erp.embedded.places import EmbeddedError, temporary_var
from erp.embedded.servers import Servers, start

__all__ = ["EmbeddedError", "Guard", "Servers", "start", "temporary_var"]
