"""Money that leaves: a run is approved and its payouts are taken to the bank, one after another, as workers do."""

from __future__ import annotations

import datetime as dt

from erp.domain import payouts
from erp.history.deeds import Approve, Retry
from erp.history.stage.bank import ARRIVES_AFTER
from erp.history.stage.money import hear
from erp.history.stage.stage import Stage, Ticker
from erp.kernel import outbox
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY = Actor.system("payouts")
EXECUTE, FOLLOW = "erp.jobs.payouts.execute", "erp.jobs.payouts.follow"
AFTERWARDS = dt.timedelta(minutes=1)
EACH_TAKES = dt.timedelta(seconds=3)
AT_ONCE = 10
"""After so many payouts the clock follows: the bank remembers a check for three minutes by its own clock, which must
not be far ahead, nor behind."""


def approve(deed: Approve, stage: Stage) -> None:
    """A second person lets the run go, without those whose balance has changed since it was prepared."""
    if (run := stage.known.runs.get(deed.run)) is None:
        return
    by = stage.crew.approves(deed.run)
    with transaction(), stage.refusable():
        try:
            payouts.approve_run(run, by=by, now=deed.at)
        except payouts.BalanceChanged as changed:
            for reference in changed.details["payouts"]:
                payouts.withdraw(reference, by=by, now=deed.at)
            payouts.approve_run(run, by=by, now=deed.at)
    silent = [] if deed.silent is None else stage.ranked(deed.run)[deed.silent - 1 : deed.silent]
    _execute(deed.run, {payout.reference for payout in silent}, stage)


def retry(deed: Retry, stage: Stage) -> None:
    """Those that failed, once more."""
    with transaction():
        for payout in stage.ranked(deed.run):
            if payout.state == payouts.State.FAILED:
                with stage.refusable():
                    payouts.retry(payout.reference, by=stage.crew.prepares(deed.run), now=deed.at)
    _execute(deed.run, set(), stage)


def _execute(run: int, silent: set[str], stage: Stage) -> None:
    """The jobs of a run in the order of its payouts. The bank pays the silent ones and does not say so, however often
    it is asked; their news stays for the workers of the instance."""
    news = stage.take_news(EXECUTE)
    waiting = {one.subject for one in news}
    with transaction():
        found = [payout for payout in stage.ranked(run) if str(payout.id) in waiting]
    begins = stage.moment + AFTERWARDS
    ticker = Ticker(begins)
    for reference in silent:
        stage.bank.misbehave("sbp.GetState", _key(reference))
    bank = stage.bank.payouts(ticker, lambda key: key in {_key(reference) for reference in silent})
    edge = payouts.Edge(bank, transaction, ticker, BY)
    for number, payout in enumerate(found):
        ticker.at = begins + number * EACH_TAKES
        if number % AT_ONCE == 0:
            stage.pass_time(ticker.at + AT_ONCE * EACH_TAKES + ARRIVES_AFTER)
        payouts.execute(payout.id, edge)
        if payout.reference not in silent:
            ticker.at += ARRIVES_AFTER
            payouts.follow(payout.id, edge)
    hear(stage)
    quiet = {str(payout.id) for payout in found if payout.reference in silent}
    with transaction():
        outbox.done([*news, *(one for one in stage.take_news(FOLLOW) if one.subject not in quiet)])


def _key(reference: str) -> str:
    """The bank's order id of a payout's first attempt."""
    return f"{reference}-1"
