"""Version 1 of the API, one file a noun."""

from mobile_api.v1 import (
    auth,
    balance,
    banks,
    bookings,
    cancellations,
    commissions,
    disputes,
    establishments,
    me,
    orders,
    payouts,
    referrals,
    sign_ups,
    standing,
    statements,
)

NOUNS = (
    auth.api,
    auth.session,
    me.api,
    banks.api,
    establishments.api,
    bookings.api,
    referrals.api,
    balance.api,
    commissions.api,
    payouts.api,
    disputes.api,
    standing.api,
    statements.api,
    sign_ups.api,
    orders.api,
    cancellations.api,
)
