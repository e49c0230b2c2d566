"""The owner's choice for each kind of dispute: who decides, in how many days, and what happens if nobody does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from erp.domain.disputes import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row, rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.sentences import Sentence


def dispute_rules() -> Sequence[Row]:
    """(kind, role, days, outcome, changed_at), in the order of `KINDS`."""
    found = {
        known.kind: known for known in rows("select kind, role, days, outcome, changed_at from dispute_rule")
    }
    return [found[kind] for kind in rules.KINDS]


def change_dispute_rule(
    kind: str, *, role: str, days: int, outcome: str, by: Actor, now: dt.datetime
) -> None:
    """What counts for disputes opened from now on. Raises `NotFound`, `Invalid`."""
    if kind not in rules.KINDS:
        raise NotFound
    if problems := _problems(role, days, outcome):
        raise Invalid(fields=problems)
    before = row("select role, days, outcome from dispute_rule where kind = :kind for update", kind=kind)
    assert before is not None
    execute(
        """update dispute_rule set role = :role, days = :days, outcome = :outcome, changed_at = :now
           where kind = :kind""",
        kind=kind,
        role=role,
        days=days,
        outcome=outcome,
        now=now,
    )
    details = {"before": before._asdict(), "after": {"role": role, "days": days, "outcome": outcome}}
    audit.record("dispute_rule.changed", "dispute_rule", kind, by=by, at=now, details=details)


def _problems(role: str, days: int, outcome: str) -> dict[str, Sentence]:
    problems = {}
    if role not in rules.ROLES:
        problems["role"] = Sentence("One of: %(kinds)s.", kinds=list(rules.ROLES))
    if not 1 <= days <= rules.MOST_DAYS:
        problems["days"] = Sentence("From 1 to %(most)s days.", most=rules.MOST_DAYS)
    if outcome not in rules.OUTCOMES:
        problems["outcome"] = Sentence("One of: %(kinds)s.", kinds=list(rules.OUTCOMES))
    return problems
