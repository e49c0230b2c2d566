"""What deeds are done to, by the references that people know them by."""

from __future__ import annotations

from collections.abc import Iterable

from erp.kernel.db import rows

CALLED = {
    "agent": "select id::text as id, reference from agent",
    "attribution_case": "select id::text as id, reference from attribution_case",
    "booking": "select id::text as id, reference from booking",
    "customer": "select id::text as id, reference from customer",
    "dispute": "select id::text as id, reference from dispute",
    "manual_reversal": "select id::text as id, reference from manual_reversal",
    "payment": "select id::text as id, reference from payment",
    "payout": "select id::text as id, reference from payout",
    "payout_run": "select id::text as id, reference from payout_run",
    "programme": "select id::text as id, reference from programme",
    "referral": "select id::text as id, reference from referral",
    "rerate": "select id::text as id, reference from rerate",
    "staff": "select id::text as id, reference from staff",
}
"""Those that have a page of their own, by the type that the audit log calls them by."""


def references(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The reference of each (type, id) that has a page of its own, in one round trip."""
    wanted: dict[str, set[str]] = {}
    for type, id in subjects:
        if type in CALLED:
            wanted.setdefault(type, set()).add(id)
    if not wanted:
        return {}
    asked = " union all ".join(
        f"select '{type}' as type, id, reference from ({CALLED[type]} where id = any(cast(:{type} as uuid[]))) {type}"
        for type in wanted
    )
    found = rows(asked, **{type: list(ids) for type, ids in wanted.items()})
    return {(type, id): reference for type, id, reference in found}
