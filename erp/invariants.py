"""The invariants of design and what proves them: each context brings its own, here they stand in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from erp.config import WrongInstance
from erp.domain.agents import invariants as agents
from erp.domain.analytics import replay
from erp.domain.backtests import invariants as backtests
from erp.domain.bookings import invariants as bookings
from erp.domain.commissions import freeze_invariants as freezes
from erp.domain.commissions import invariants as commissions
from erp.domain.commissions import reversal_invariants as reversals
from erp.domain.disputes import invariants as disputes
from erp.domain.integrations import invariants as integrations
from erp.domain.ledger import invariants as ledger
from erp.domain.payments import invariants as payments
from erp.domain.payouts import invariants as payouts
from erp.domain.programmes import invariants as programmes
from erp.domain.referrals import invariants as referrals
from erp.domain.rerates import invariants as rerates
from erp.domain.staff import invariants as staff
from erp.domain.statements import invariants as statements
from erp.kernel.db import db, rows, scalar
from erp.kernel.findings import Audited, Finding
from erp.kernel.mode import verify

AUDITED = [
    *ledger.AUDITED,
    *staff.AUDITED,
    *integrations.AUDITED,
    *agents.AUDITED,
    *programmes.AUDITED,
    *bookings.AUDITED,
    *referrals.AUDITED,
    *payments.AUDITED,
    *commissions.AUDITED,
    *payouts.AUDITED,
    *disputes.AUDITED,
    *statements.AUDITED,
    *backtests.AUDITED,
    *rerates.AUDITED,
]


def audited() -> Finding:
    """10: every deed that a row bears the time of has its audit row about that very row."""
    deeds = [f'''"{owed.table}" x where x.{owed.moment} is not null and {owed.where}''' for owed in AUDITED]
    examined = scalar(
        f"select sum(deeds) from ({_union(f'select count(*) as deeds from {of}' for of in deeds)}) x"
    )
    unaudited = rows(
        _union(_unaudited(owed, of) for owed, of in zip(AUDITED, deeds, strict=True)) + " order by 1, 2"
    )
    bad = [f"{AUDITED[number].table} {id}: no audit row {AUDITED[number].action}" for number, id in unaudited]
    return Finding(10, "Every mutation has its audit row", int(examined), bad)


def _unaudited(owed: Audited, deeds: str) -> str:
    return f"""
        select {AUDITED.index(owed)}, x.{owed.key}::text from {deeds}
        and not exists (select 1 from audit_entry a where a.subject_type = '{owed.subject or owed.table}'
                        and a.subject_id = ({owed.of})::text and a.action = '{owed.action}')"""


def _union(questions: Iterable[str]) -> str:
    return " union all ".join(questions)


def one_stamp() -> Finding:
    """9: the database bears one stamp, this configuration's, and only a mock one has a movable clock."""
    found = rows("select mode, (select count(*) from mock_clock) as clocks from instance")
    bad = [] if len(found) == 1 else [f"instance: {len(found)} stamps"]
    bad += [
        f"instance: {mode} with {clocks} mock clocks" for mode, clocks in found if clocks != (mode == "mock")
    ]
    try:
        verify(db.session.connection())
    except WrongInstance as difference:
        bad.append(f"instance: {difference}")
    return Finding(9, "The stamp and the clock agree", len(found), bad)


PROOFS: tuple[Callable[[], Finding], ...] = (
    ledger.transactions_balance,
    ledger.balances_are_sums,
    payments.books_follow_payments,
    commissions.lines_are_single,
    freezes.freezes_are_whole,
    bookings.one_open_booking_per_place,
    referrals.attribution_is_sound,
    rerates.moves_are_decided,
    commissions.lines_recompute,
    commissions.corrections_stay_within,
    reversals.decisions_are_whole,
    payouts.payouts_are_whole,
    one_stamp,
    payments.bank_references_agree,
    payouts.bank_references_agree,
    audited,
    replay.balances_replay,
    statements.seals_verify,
)


def examine() -> list[Finding]:
    """Every proof on the present database, in the order of the invariants."""
    return [prove() for prove in PROOFS]
