"""What the acquirer has transferred to the owner's account, as the bank's statement shows it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from erp.domain import ledger
from erp.domain.payments import books, rules
from erp.kernel import audit, ids
from erp.kernel.actor import Actor
from erp.kernel.db import db, execute, row, violated
from erp.kernel.errors import NEEDED, DomainError, Invalid, NotFound
from erp.kernel.paging import Listed
from erp.kernel.sentences import Amount, Sentence
from erp.kernel.span import EVER, Span, within


class SettlementKnown(DomainError):
    code = "settlement_known"
    sentence = Sentence("A transfer under this number of the bank's statement has been written down before.")


class SettlementVoided(DomainError):
    code = "settlement_voided"
    sentence = Sentence("This settlement has been voided before.")


def record_settlement(
    amount: int,
    *,
    statement_number: str,
    settled_at: dt.datetime,
    note: str = "",
    by: Actor,
    now: dt.datetime,
) -> str:
    """Write down that `amount` kopecks have come from the acquirer, under a number of the bank's statement as evidence;
    the settlement's reference.

    Raises `SettlementKnown` for a number that is known, and `Invalid` for more than the acquirer holds.
    """
    execute(
        "select pg_advisory_xact_lock(hashtext('settlement'))"
    )  # two at once see what is left one after another
    number = statement_number.strip()
    _check(amount, number, settled_at, now)
    id, reference = ids.uuid7(), ids.reference("STL")
    try:
        with db.session.begin_nested():
            execute(
                """insert into settlement (id, reference, amount, currency, statement_number, note, settled_at,
                                           recorded_by, recorded_at)
                   values (:id, :reference, :amount, :currency, :number, :note, :settled_at, :by, :now)""",
                id=id,
                reference=reference,
                amount=amount,
                currency=rules.CURRENCY,
                number=number,
                note=" ".join(note.split()),
                settled_at=settled_at,
                by=str(by),
                now=now,
            )
    except IntegrityError as clash:
        if violated(clash) != "one_settlement_per_statement_number":
            raise
        raise SettlementKnown(fields={"statement_number": SettlementKnown.sentence}) from clash
    books.book_settled(reference, amount, rules.CURRENCY, settled_at, by=by)
    details = {"amount": amount, "statement_number": number}
    audit.record("settlement.recorded", "settlement", id, by=by, at=now, details=details)
    return reference


def _check(amount: int, number: str, settled_at: dt.datetime, now: dt.datetime) -> None:
    fields: dict[str, Sentence] = {}
    held = in_clearing()
    if not 0 < amount <= held:
        fields["amount"] = Sentence(
            "More than nothing, and at most the %(held)s that the acquirer holds.",
            held=Amount(max(held, 0), rules.CURRENCY),
        )
    if not number:
        fields["statement_number"] = NEEDED
    if settled_at > now:
        fields["settled_at"] = Sentence("This lies in the future.")
    if fields:
        raise Invalid(fields=fields)


def void_settlement(reference: str, *, reason: str, by: Actor, now: dt.datetime) -> None:
    """It was written down by mistake: the mirror is booked. Raises `NotFound`, `Invalid`, `SettlementVoided`."""
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(fields={"reason": Sentence("Say why.")})
    settlement = row(
        """update settlement set voided_by = :by, voided_at = :now, void_reason = :reason
           where reference = :reference and voided_at is null returning *""",
        reference=reference,
        by=str(by),
        now=now,
        reason=reason,
    )
    if settlement is None:
        find_settlement(reference)
        raise SettlementVoided
    books.book_unsettled(reference, settlement.amount, settlement.currency, now, by=by)
    details = {"reason": reason}
    audit.record("settlement.voided", "settlement", settlement.id, by=by, at=now, details=details)


def in_clearing() -> int:
    """What the acquirer holds for the owner in kopecks; below zero when more went back than came in since."""
    return -ledger.owner_balance("clearing", rules.CURRENCY)


def find_settlement(reference: str) -> sa.Row[Any]:
    """Raises `NotFound`."""
    found = row("select * from settlement where reference = :reference", reference=reference)
    if found is None:
        raise NotFound
    return found


SORTS = {
    "newest": "settled_at desc, id desc",
    "settled_at": "settled_at, id",
    "-settled_at": "settled_at desc, id desc",
    "amount": "amount, id",
    "-amount": "amount desc, id desc",
}


def search_settlements(*, text: str = "", voided: bool = False, span: Span = EVER, sort: str = "") -> Listed:
    """Settlements, newest first; `text` is the beginning of a reference or of the statement's number."""
    return Listed(
        f"""select * from settlement
            where (:text = '' or reference ilike :text || '%' or statement_number ilike :text || '%')
              and (not :voided or voided_at is not null) and {within("settled_at")}""",
        SORTS,
        sort,
        {"text": text.strip(), "voided": voided, **span.params},
    )
