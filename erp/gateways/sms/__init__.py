"""Texts to phones. `Sms.from_settings(settings).send(to, text)` hands one text to the gateway.

It ends in one of four ways, as with the bank: it returns the gateway's message id; `SmsRefused`: not sent and
useless to repeat; `SmsUnknown`: perhaps sent, repeating may text twice; `SmsUnreachable`: nothing was sent.
`TransactionOpen` while a database transaction is open; `UnsafeGateway` where mode and address do not fit.
"""

from erp.gateways.outside import UnsafeGateway
from erp.gateways.sms.client import Sms, SmsError, SmsRefused, SmsUnknown, SmsUnreachable

__all__ = ["Sms", "SmsError", "SmsRefused", "SmsUnknown", "SmsUnreachable", "UnsafeGateway"]
