"""Terms that were scheduled."""

from erp.domain import programmes
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("programmes")


def come_into_force() -> None:
    """Periodic: versions of terms whose moment has come."""
    now = clock.now()
    for programme_id in programmes.due(now):
        with transaction():
            programmes.come_into_force(programme_id, by=BY, now=now)
