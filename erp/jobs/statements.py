"""Statements: periods that are over are sealed, and the roots of their seals leave the database."""

from erp import config
from erp.domain import statements
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("statements")


def seal() -> None:
    """Periodic: every period that is over, a hundred agents at a time, then one root over their seals."""
    with statements.sealing():
        now = clock.now()
        sealed = 1
        while sealed:
            with transaction():
                sealed = statements.seal(by=BY, now=now)
        with transaction():
            statements.sign_root(by=BY, now=now)
        statements.export_roots(config.get().roots_folder)
