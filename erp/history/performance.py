"""The whole history, scene by scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from erp.history.script import Place, Plan, Scene, scenes, write
from erp.history.stage import Stage, play
from erp.kernel import clock, schedule


def perform(plan: Plan, places: Sequence[Place], stage: Stage) -> Iterator[Scene]:
    """Play a history on a database whose clock has not passed its start; each scene once it is over.

    Workers are told nothing and the schedule rests meanwhile: whatever follows is done here, in order, so that
    equal plans make equal ledgers. Raises `TheBankIsAway`.
    """
    stage.bank.greet(clock.now())
    deeds = write(plan, places)
    with schedule.rest(), stage.lit():
        for scene in scenes(plan, deeds):
            play(scene, stage)
            yield scene
