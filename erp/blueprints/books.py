"""What the pages of the owner's books share: by which days, months and times they are cut, and what that is called."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateField
from wtforms.validators import Optional

from erp.blueprints.forms import Within, choice, midnight
from erp.blueprints.presentation import format_month
from erp.domain import ledger
from erp.kernel import clock
from erp.kernel.errors import Invalid
from erp.kernel.span import Span


class BookFilters(Within):
    """A month of the owner's calendar or days of the reader's; by the time of booking or of happening; all that is known
    now or was known at the end of a day. `part` leaves what stood before the span, or at its end."""

    DATES = ("since", "until", "by", "known", "part")
    month = choice(_("Any month"))
    by = choice(_("Dates are of the entry"))
    known = DateField(_("As known on"), [Optional()])
    part = choice(_("What moved in that time"))

    def __init__(self, **choices: list[tuple[str, Any]]):
        super().__init__(
            month=months(),
            by=[("occurred", _("Dates are of the happening"))],
            part=[("opening", _("All that was before it")), ("closing", _("All up to its end"))],
            **choices,
        )

    @property
    def span(self) -> Span:
        """The month if one is chosen, otherwise the days."""
        if not self.value("month"):
            return super().span
        try:
            return Span(*ledger.bounds(ledger.parse_month(self.value("month"))))
        except Invalid:
            return super().span

    @property
    def whole(self) -> ledger.Cut:
        """The cut that a trial balance shows, from what stood before to what stands at its end."""
        day = self.day("known")
        known_before = midnight(day + dt.timedelta(days=1)) if day else None
        return ledger.Cut(self.span, self.value("by") or "booked", known_before)

    @property
    def cut(self) -> ledger.Cut:
        """The entries that are asked for: of the span, or of the part that the address names."""
        whole = self.whole
        parts = {"opening": Span(None, whole.span.since), "closing": Span(None, whole.span.before)}
        return ledger.Cut(parts.get(self.value("part"), whole.span), whole.by, whole.known_before)

    @property
    def kept(self) -> dict[str, str]:
        """What an address must say to be cut alike."""
        names = ("month", "since", "until", "by", "known")
        return {name: str(self[name].data) for name in names if self[name].data}


def months() -> list[tuple[str, str]]:
    """Every month from the first entry of the books to now, newest first, as choices."""
    first, found = ledger.first_month(), []
    month = ledger.month_of(clock.now())
    while first is not None and month >= first:
        found.append((f"{month:%Y-%m}", format_month(month)))
        month = (month - dt.timedelta(days=1)).replace(day=1)
    return found
