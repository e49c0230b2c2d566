"""Version 1 of the API, one file a noun."""

from mobile_api.v1 import auth, balance, banks, commissions, me, orders, standing

NOUNS = (
    auth.api,
    auth.session,
    me.api,
    banks.api,
    balance.api,
    commissions.api,
    standing.api,
    orders.api,
)
