"""Deeds of people: agents, staff and the owner's product. Many share a transaction; each is one verb or two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import singledispatch
from uuid import UUID

from erp.domain import agents, bookings, catalogue, ledger, payments, payouts, programmes, referrals, rerates
from erp.history import deeds, deeds_of_cases
from erp.history.deeds import Deed
from erp.history.stage.bank import Request
from erp.history.stage.stage import Stage, subjects
from erp.kernel import outbox
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

CATALOGUE = "osm"
CURRENCY, ZONE = "RUB", "Europe/Moscow"
CODE_TAKES = dt.timedelta(minutes=1)
NO_CODE = "N0 SUCH C0DE"
SEND_CODE = "erp.jobs.agents.send_code"


MAY_BE_REFUSED = (
    deeds.Book,
    deeds.Attest,
    deeds.Prepare,
    deeds.Cancel,
    deeds.Withdraw,
    deeds.TakeBack,
    deeds.Settle,
    deeds.ChargeBack,
    deeds.WinBack,
    deeds.WriteOff,
    deeds.CloseMonth,
    deeds.ProposeRerate,
    deeds.ApproveRerate,
    deeds_of_cases.RaiseDispute,
    deeds_of_cases.DecideDispute,
    deeds_of_cases.FreezeByHand,
    deeds_of_cases.TakeBackByHand,
    deeds_of_cases.UndoTakingBack,
)
"""The script does not know what the books hold: a place that somebody else took, a run with nobody to pay, a commission
that was paid out before somebody wanted to freeze it."""


def play(told: Sequence[Deed], stage: Stage) -> None:
    """These deeds, in the order of time, in one transaction."""
    if not told:
        return
    stage.bank.tell([name for deed in told if (name := _name_at_bank(deed))])
    codes = _ask_for_codes([deed for deed in told if isinstance(deed, deeds.Register)], stage)
    with transaction():
        for deed in told:
            if isinstance(deed, deeds.Register):
                _register(deed, codes[deed.phone], stage)
                continue
            with stage.refusable() if isinstance(deed, MAY_BE_REFUSED) else nullcontext():
                do(deed, stage)


def _name_at_bank(deed: Deed) -> Request | None:
    """Owners of phones have a name at their bank."""
    if not isinstance(deed, (deeds.Register, deeds.CorrectName)) or deed.called is None:
        return None
    body = {"phone": deed.phone.lstrip("+"), "short_name": deed.called}
    return Request(deed.at, "/_control/recipient", body)


def _ask_for_codes(joining: Sequence[deeds.Register], stage: Stage) -> dict[str, str]:
    """One-time codes by phone, read as on the phone's screen."""
    if not joining:
        return {}
    with transaction():
        for deed in joining:
            agents.request_code(deed.phone, now=deed.at - CODE_TAKES)
    sent = stage.take_news(SEND_CODE)
    moments = iter(joining)
    codes = {}
    with transaction():
        for subject in subjects(sent):
            asked_at = next(moments).at - CODE_TAKES
            text = agents.code_to_send(UUID(subject), now=asked_at)
            assert text is not None, "it was asked for a moment ago"
            codes[text.to] = text.body.values["code"]
            agents.record_sent(UUID(subject), now=asked_at)
        outbox.done(sent)
    return codes


def _register(deed: deeds.Register, code: str, stage: Stage) -> None:
    session = agents.sign_in(deed.phone, code, name=deed.name, now=deed.at)
    agent_id = session.agent_id
    stage.known.agents[deed.agent], stage.known.phones[deed.agent] = agent_id, deed.phone
    stage.known.codes[deed.agent] = agents.profile(agent_id).code
    member, bank = deed.bank or (None, None)
    agents.update_profile(
        agent_id,
        email=deed.email,
        bank_member_id=member,
        bank_name=bank,
        by=Actor.agent(agent_id),
        now=deed.at,
    )


@singledispatch
def do(deed: Deed, stage: Stage) -> None:
    raise TypeError(f"nobody knows how to play {deed}")


@do.register
def _(deed: deeds.CorrectName, stage: Stage) -> None:
    """The bank was told before."""


@do.register
def _(deed: deeds.NameBank, stage: Stage) -> None:
    agent_id, (member, bank) = stage.known.agents[deed.agent], deed.bank
    by = Actor.agent(agent_id)
    agents.update_profile(agent_id, bank_member_id=member, bank_name=bank, by=by, now=deed.at)


@do.register
def _(deed: deeds.Activate, stage: Stage) -> None:
    agents.activate(stage.known.agents[deed.agent], by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.Suspend, stage: Stage) -> None:
    agents.suspend(stage.known.agents[deed.agent], deed.reason, by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.Close, stage: Stage) -> None:
    agents.close(stage.known.agents[deed.agent], by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.Book, stage: Stage) -> None:
    agent_id = stage.known.agents[deed.agent]
    by = stage.crew.support if deed.by_support else Actor.agent(agent_id)
    place = catalogue.find_by_source(CATALOGUE, deed.place)
    stage.known.bookings[deed.booking] = bookings.book(agent_id, place.id, by=by, now=deed.at).id
    stage.known.holders[deed.booking] = Actor.agent(agent_id)


@do.register
def _(deed: deeds.Move, stage: Stage) -> None:
    if booking := stage.known.bookings.get(deed.booking):
        bookings.move_stage(booking, deed.stage, by=stage.known.holders[deed.booking], now=deed.at)


@do.register
def _(deed: deeds.Extend, stage: Stage) -> None:
    if booking := stage.known.bookings.get(deed.booking):
        bookings.extend(booking, deed.note, by=stage.crew.support, now=deed.at)


@do.register
def _(deed: deeds.Release, stage: Stage) -> None:
    if booking := stage.known.bookings.get(deed.booking):
        bookings.release(booking, by=stage.known.holders[deed.booking], now=deed.at)


@do.register
def _(deed: deeds.Click, stage: Stage) -> None:
    token = referrals.record_click(stage.known.codes[deed.agent], now=deed.at)
    if token is not None:
        stage.known.clicks[deed.click] = token


@do.register
def _(deed: deeds.SignUp, stage: Stage) -> None:
    known = stage.known
    typed = None if deed.agent is None else known.codes[deed.agent]
    signed = referrals.sign_up(
        referrals.SignUp(
            external_id=customer(deed.customer),
            kind=deed.kind,
            name=deed.name or None,
            phone=None if deed.own_phone is None else known.phones[deed.own_phone],
            code=NO_CODE if deed.misspelt else typed,
            click=None if deed.click is None else known.clicks.get(deed.click),
            establishment=(CATALOGUE, deed.place) if deed.place else None,
            programme=deed.programme,
            occurred_at=deed.at,
        ),
        by=stage.crew.product,
        now=deed.at,
    )
    if signed.case is not None:
        known.cases[deed.customer] = referrals.find_case(signed.case).id


def customer(number: int) -> str:
    """The owner's own id of a customer."""
    return f"app-{number}"


@do.register
def _(deed: deeds.Decide, stage: Stage) -> None:
    if case := stage.known.cases.get(deed.customer):
        referrals.decide_case(case, deed.decision, deed.note, by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.Found, stage: Stage) -> None:
    stage.known.programmes[deed.programme] = programmes.create(
        deed.programme, deed.name, CURRENCY, ZONE, by=stage.crew.manager, now=deed.at
    )


@do.register
def _(deed: deeds.Draft, stage: Stage) -> None:
    terms = programmes.draft(
        stage.known.programmes[deed.programme],
        programmes.TermsDraft(
            [programmes.TierRow(*tier) for tier in deed.tiers],
            [programmes.RuleRow(monthly_cap=deed.monthly_cap)],
            minimum_payout=deed.minimum_payout,
        ),
        note=deed.note,
        by=stage.crew.manager,
        now=deed.at,
    )
    if deed.begins == deed.at:
        programmes.activate(terms, reason=deed.note, by=stage.crew.manager, now=deed.at)
    elif deed.begins is not None:
        programmes.schedule(terms, deed.begins, reason=deed.note, by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.ProposeRerate, stage: Stage) -> None:
    programme_id = stage.known.programmes[deed.programme]
    choice = _of_one_agent(programme_id, deed, stage) if deed.least else rerates.Choice(programme_id)
    stage.known.rerates[deed.rerate] = rerates.propose(
        choice,
        (deed.at + dt.timedelta(days=deed.days)).date(),
        code=deed.code,
        note=deed.note,
        by=stage.crew.manager,
        now=deed.at,
    )


def _of_one_agent(programme_id: UUID, deed: deeds.ProposeRerate, stage: Stage) -> rerates.Choice:
    """The referrals of the first who has enough under terms that are not active any more."""
    active = programmes.active_terms(deed.programme, deed.at)
    for _number, agent_id in sorted(stage.known.agents.items()):
        choice = rerates.Choice(programme_id, agent_id=agent_id)
        if sum(found.referrals for found in rerates.chosen(choice, active.id, deed.at)) >= deed.least:
            return choice
    return rerates.Choice(programme_id, referral_ids=[])


@do.register
def _(deed: deeds.ApproveRerate, stage: Stage) -> None:
    if rerate := stage.known.rerates.get(deed.rerate):
        rerates.approve(rerate, by=stage.crew.finance[0], now=deed.at)


@do.register
def _(deed: deeds.Attest, stage: Stage) -> None:
    payment = payments.find_order(stage.known.orders[deed.order]).payment_reference
    payments.attest_refunded_total(
        payment, total=deed.total, note=deed.note, by=stage.crew.finance[0], now=deed.at
    )


@do.register
def _(deed: deeds.Prepare, stage: Stage) -> None:
    stage.known.runs[deed.run] = payouts.prepare_run(
        CURRENCY, note=deed.note, by=stage.crew.prepares(deed.run), now=deed.at
    )


@do.register
def _(deed: deeds.Cancel, stage: Stage) -> None:
    if run := stage.known.runs.get(deed.run):
        payouts.cancel_run(run, by=stage.crew.prepares(deed.run), now=deed.at)


@do.register
def _(deed: deeds.Withdraw, stage: Stage) -> None:
    for payout in stage.ranked(deed.run)[deed.rank - 1 : deed.rank]:
        payouts.withdraw(payout.reference, by=stage.crew.approves(deed.run), now=deed.at)


@do.register
def _(deed: deeds.TakeBack, stage: Stage) -> None:
    for payout in stage.ranked(deed.run)[deed.rank - 1 : deed.rank]:
        payouts.take_back(payout.reference, note=deed.note, by=stage.crew.prepares(deed.run), now=deed.at)


@do.register
def _(deed: deeds.Settle, stage: Stage) -> None:
    if (held := payments.in_clearing()) <= 0:
        return
    payments.record_settlement(
        held,
        statement_number=deed.number,
        settled_at=deed.at,
        by=stage.crew.finance[0],
        now=deed.at,
    )


@do.register
def _(deed: deeds.ChargeBack, stage: Stage) -> None:
    _by_registry(deed, payments.record_chargeback, stage)


@do.register
def _(deed: deeds.WinBack, stage: Stage) -> None:
    _by_registry(deed, payments.reverse_chargeback, stage)


def _by_registry(
    deed: deeds.ChargeBack | deeds.WinBack, write_down: Callable[..., str], stage: Stage
) -> None:
    write_down(
        payments.find_order(stage.known.orders[deed.order]).payment_reference,
        amount=deed.amount,
        registry_number=deed.number,
        happened_at=deed.at,
        by=stage.crew.finance[1],
        now=deed.at,
    )


@do.register
def _(deed: deeds.WriteOff, stage: Stage) -> None:
    owing = set(ledger.holders("available", CURRENCY, debts=True))
    for agent_id in [id for _, id in sorted(stage.known.agents.items()) if id in owing][:1]:
        asks, decides = stage.crew.finance
        asked = ledger.ask_write_off(
            agent_id,
            amount=ledger.debt_of(agent_id, CURRENCY),
            currency=CURRENCY,
            reason=deed.reason,
            note=deed.note,
            by=asks,
            now=deed.at,
        )
        if deed.decided:
            ledger.approve_write_off(asked, by=decides, now=deed.at + dt.timedelta(hours=1))


@do.register
def _(deed: deeds.CloseMonth, stage: Stage) -> None:
    if (month := ledger.next_month()) is None:
        return
    proposes, approves = stage.crew.finance
    closing = ledger.propose_closing(month, note=deed.note, by=proposes, now=deed.at)
    if deed.approved:
        ledger.approve_closing(closing, by=approves, now=deed.at + dt.timedelta(hours=1))
