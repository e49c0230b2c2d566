"""How a call to the bank can end besides well: refused, unknown, or never sent. Callers live by the difference."""

from __future__ import annotations

from enum import StrEnum


class RefusalKind(StrEnum):
    """What a refusal asks of us (protocol facts A8)."""

    RETRY_LATER = "retry_later"
    """The bank or its partner is busy: the same key again, later."""
    PAYER = "payer"
    """The payer must act: another card, more money, a new attempt."""
    RECIPIENT = "recipient"
    """This person cannot be paid like this; a clerk must look."""
    FUNDS = "funds"
    """Our own account at the bank is too low; top it up."""
    LIMIT = "limit"
    """A limit of the terminal or of SBP; back off for hours."""
    CONFLICT = "conflict"
    """It happened already, or cannot happen in this state: read the state."""
    CONFIG = "config"
    """Terminal, password, certificate: alert and stop."""
    REQUEST = "request"
    """Our request is wrong; repeating it is useless."""
    OTHER = "other"
    """A code that no source explains."""


class BankError(Exception):
    """A call to the bank did not end well. Never raised itself."""


class BankRefused(BankError):
    """The bank said no, and nothing happened. `code` is the bank's, `message` its words, `kind` what it asks of us.

    `payment_id` is the operation that the bank names as its reason, if it names one.
    """

    def __init__(self, code: str, message: str, payment_id: str | None = None):
        super().__init__(f"the bank refused: {code} {message}".strip())
        self.code, self.message, self.kind = code, message, kind_of(code)
        self.payment_id = payment_id


class BankUnknown(BankError):
    """The request may have reached the bank and we do not know what it did. Ask the state; never use a new key.

    A step that moves money ends like this too when the bank's refusal does not say that nothing moved: then
    `code` is the bank's.
    """

    def __init__(self, reason: str, code: str | None = None):
        super().__init__(f"the bank's answer is unknown: {reason}")
        self.reason, self.code = reason, code


class BankUnreachable(BankError):
    """No connection, so nothing was sent and nothing happened: the same call may be made again."""


def kind_of(code: str) -> RefusalKind:
    return _KIND_OF.get(code, RefusalKind.OTHER)


def leaves_money_unclear(code: str) -> bool:
    """Whether a refusal with this code, of a step that moves money, does not prove that nothing moved."""
    return code in _CATCH_ALL or kind_of(code) in _UNCLEAR


_UNCLEAR = frozenset({RefusalKind.RETRY_LATER, RefusalKind.CONFLICT, RefusalKind.OTHER})
_CATCH_ALL = frozenset({"9999"})

# Later rows win: single codes take theirs out of the wide ranges above them.
_CODES = {
    RefusalKind.PAYER: "101 102 103 106 116 119 252 508 511 600 603 642 1004-1099 2200",
    RefusalKind.REQUEST: "1 2 12 17 201 203 207-251 253 255 308 309 323 325 326 329 330 334 335 914 1125 1126 4006",
    RefusalKind.CONFIG: "10 202 204 205 322 331 411-417 501 648 9999",
    RefusalKind.LIMIT: "403-406 632-634 1202-1204 3029 3030 3032 3033 3041 3042",
    RefusalKind.RECIPIENT: "78 107 503 619 620 637 1237 1503 3001 3008-3011 3034-3036 4001-4004 4007 4008",
    RefusalKind.FUNDS: "1116 1502",
    RefusalKind.CONFLICT: "4 8 20 54 324 623 926 927 3037 4005",
    RefusalKind.RETRY_LATER: "3 21 55 99 120 123 125 401 402 515 903 999 1030 1034 1089 1091 1096 7999 9001",
}


def _expand(codes: str) -> list[str]:
    """`"4-6 9"` is 4, 5, 6 and 9."""
    bounds = [part.split("-") for part in codes.split()]
    return [str(code) for bound in bounds for code in range(int(bound[0]), int(bound[-1]) + 1)]


_KIND_OF = {code: kind for kind, codes in _CODES.items() for code in _expand(codes)}
