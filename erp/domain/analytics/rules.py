"""When something counts as being at risk."""

from __future__ import annotations

import datetime as dt

CURRENCY = "RUB"
"""Payments and payouts are in roubles only, because the bank takes no others."""
SILENT_AFTER = dt.timedelta(days=45)
"""An agent who was at work before and has neither booked nor brought anybody for so long went silent."""
STOPPED_AFTER = dt.timedelta(days=45)
"""A customer who paid before and has not for so long stopped paying: a month, and two weeks to be late."""
