"""How somebody likes RefERP to look and to be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from erp.domain.staff import rules
from erp.kernel import audit
from erp.kernel.actor import Actor
from erp.kernel.db import row
from erp.kernel.errors import Invalid, NotFound


def prefer(id: UUID, preferences: Mapping[str, str | None], *, by: Actor, now: dt.datetime) -> None:
    """Keep some of `language`, `theme` and `zone`; None leaves it to the browser. Raises `Invalid`."""
    if problems := rules.problems_of_preferences(preferences):
        raise Invalid(fields=problems)
    assignments = ", ".join(f"{name} = :{name}" for name in preferences)
    if not assignments:
        return
    if row(f"update staff set {assignments} where id = :id returning id", id=id, **preferences) is None:
        raise NotFound
    audit.record("staff.preferences_changed", "staff", id, by=by, at=now, details=dict(preferences))
