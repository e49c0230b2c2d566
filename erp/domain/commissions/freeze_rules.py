"""The owner's choice for each rule that freezes: who decides, in how many days, and what happens if nobody does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row, rows
from erp.kernel.errors import Invalid, NotFound
from erp.kernel.sentences import Sentence

ROLES = ("manager", "finance", "admin")
"""Who may be the one who decides."""
OUTCOMES = {
    "attribution_case": ("stay", "release"),
    "agent_suspended": ("stay", "release", "take_back"),
    "agent_closed": ("stay", "release", "take_back"),
    "by_hand": ("release", "take_back", "stay"),
}
"""What may happen at the deadline. A case is decided by a person: only its money can be let go before."""
MOST_DAYS = 365


def freeze_rules() -> Sequence[Row]:
    """(rule, role, days, outcome), in the order of `OUTCOMES`."""
    found = {
        known.rule: known for known in rows("select rule, role, days, outcome, changed_at from freeze_rule")
    }
    return [found[rule] for rule in OUTCOMES]


def change_freeze_rule(rule: str, *, role: str, days: int, outcome: str, by: Actor, now: dt.datetime) -> None:
    """What counts for freezes that begin from now on; those that have begun keep what they were told.

    Raises `NotFound`, `Invalid`.
    """
    if rule not in OUTCOMES:
        raise NotFound
    problems = _problems(rule, role, days, outcome)
    if problems:
        raise Invalid(fields=problems)
    before = row("select role, days, outcome from freeze_rule where rule = :rule for update", rule=rule)
    assert before is not None
    execute(
        """update freeze_rule set role = :role, days = :days, outcome = :outcome, changed_at = :now
           where rule = :rule""",
        rule=rule,
        role=role,
        days=days,
        outcome=outcome,
        now=now,
    )
    details = {"before": before._asdict(), "after": {"role": role, "days": days, "outcome": outcome}}
    audit.record("freeze_rule.changed", "freeze_rule", rule, by=by, at=now, details=details)


def _problems(rule: str, role: str, days: int, outcome: str) -> dict[str, Sentence]:
    problems = {}
    if role not in ROLES:
        problems["role"] = Sentence("One of: %(kinds)s.", kinds=list(ROLES))
    if not 1 <= days <= MOST_DAYS:
        problems["days"] = Sentence("From 1 to %(most)s days.", most=MOST_DAYS)
    if outcome not in OUTCOMES[rule]:
        problems["outcome"] = Sentence("One of: %(kinds)s.", kinds=list(OUTCOMES[rule]))
    return problems
