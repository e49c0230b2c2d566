"""The law of bookings (invariant 4), and what the audit log owes about them (invariant 10)."""

from __future__ import annotations

from erp.domain.bookings.rules import ENDINGS
from erp.kernel.db import rows, scalar
from erp.kernel.findings import Audited, Finding


def one_open_booking_per_place() -> Finding:
    """Counted from the rows: a damaged database may have lost the index that forbids a second."""
    doubled = rows(
        """select claim_group_id, string_agg(reference, ', ' order by booked_at, id) as bookings
           from booking where ended_at is null group by claim_group_id having count(*) > 1"""
    )
    return Finding(
        4,
        "At most one open booking per claim group",
        scalar("select count(*) from booking"),
        [f"claim group {place.claim_group_id} has open bookings {place.bookings}" for place in doubled],
    )


AUDITED = [
    Audited("booking", "booking.made", "booked_at"),
    Audited("booking", "booking.extended", "extended_at"),
    *(Audited("booking", f"booking.{ending}", "ended_at", f"ending = '{ending}'") for ending in ENDINGS),
]
