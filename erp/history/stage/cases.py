"""Deeds about single commissions: disputes, freezes and reversals by hand."""

from __future__ import annotations

from typing import Any

from erp.domain import commissions, disputes, payments
from erp.history import deeds_of_cases as deeds
from erp.history.stage.office import do, play
from erp.history.stage.stage import Stage
from erp.kernel.actor import Actor

__all__ = ["play"]


def _line(order: int, stage: Stage) -> Any:
    """What an order earned, if it earned anything."""
    reference = stage.known.orders.get(order)
    if reference is None:
        return None
    payment = payments.find_order(reference).payment_reference
    found = commissions.search(q=payment).first(1) if payment else []
    return found[0] if found else None


@do.register
def _(deed: deeds.RaiseDispute, stage: Stage) -> None:
    line, agent_id = _line(deed.order, stage), stage.known.agents[deed.agent]
    if line is not None and line.agent_id == agent_id:
        about = disputes.About(commission=line.id)
        stage.known.disputes[deed.dispute] = disputes.open_dispute(
            agent_id, "wrong", deed.words, about, by=Actor.agent(agent_id), now=deed.at
        )


@do.register
def _(deed: deeds.Reply, stage: Stage) -> None:
    if dispute := stage.known.disputes.get(deed.dispute):
        disputes.write(disputes.find(dispute).id, deed.words, by=stage.crew.support, now=deed.at)


@do.register
def _(deed: deeds.DecideDispute, stage: Stage) -> None:
    if dispute := stage.known.disputes.get(deed.dispute):
        disputes.decide(
            disputes.find(dispute).id,
            deed.decision,
            deed.code,
            deed.note,
            by=stage.crew.finance[0],
            now=deed.at,
        )


@do.register
def _(deed: deeds.FreezeByHand, stage: Stage) -> None:
    if line := _line(deed.order, stage):
        commissions.freeze(deed.code, deed.note, commission_id=line.id, by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.LetGo, stage: Stage) -> None:
    if (line := _line(deed.order, stage)) and line.freeze_reason == "by_hand":
        commissions.release(line.freeze_id, deed.note, deed.code, by=stage.crew.manager, now=deed.at)


@do.register
def _(deed: deeds.TakeBackByHand, stage: Stage) -> None:
    line = _line(deed.order, stage)
    if line is None or line.net <= 0:
        return
    amount = max(1, int(line.net) * deed.percent // 100)
    by, other = stage.crew.finance
    asked = commissions.ask_reversal(
        line.id, amount=amount, code=deed.code, note=deed.note, by=by, now=deed.at
    )
    if not asked.is_done and not deed.waits:
        commissions.approve_reversal(asked.reference, by=other, now=deed.at)
    stage.known.reversals[deed.order] = asked.reference


@do.register
def _(deed: deeds.UndoTakingBack, stage: Stage) -> None:
    if reversal := stage.known.reversals.get(deed.order):
        by, other = stage.crew.finance
        asked = commissions.ask_undo(
            reversal, code="mistaken_reversal", note="The agent showed the contract", by=by, now=deed.at
        )
        if not asked.is_done:
            commissions.approve_reversal(asked.reference, by=other, now=deed.at)
