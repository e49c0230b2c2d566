"""One scene after another."""

from __future__ import annotations

from erp.history import deeds
from erp.history.script import Scene
from erp.history.stage import cases, jobs, money, payroll
from erp.history.stage.stage import Stage

MONEY = (deeds.Pay, deeds.Refund, deeds.RefundInCabinet)


def play(scene: Scene, stage: Stage) -> None:
    """Let the clock come to the end of the scene, then do what happened until then and all that follows from it."""
    stage.pass_time(scene.ends)
    match scene.deeds:
        case (deeds.Approve() as approval,):
            payroll.approve(approval, stage)
        case (deeds.Retry() as again,):
            payroll.retry(again, stage)
        case told:
            cases.play([deed for deed in told if not isinstance(deed, MONEY)], stage)
            jobs.perform(stage)
            money.play([deed for deed in told if isinstance(deed, MONEY)], stage)
            jobs.keep_the_schedule(stage)
