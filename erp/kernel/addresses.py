"""Where, below our public address, the bank posts its news."""

PAYMENT_NEWS = "/webhooks/tbank/payments"
PAYOUT_NEWS = "/webhooks/tbank/payouts"
