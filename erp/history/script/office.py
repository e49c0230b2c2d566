"""What the owner's people do by the calendar: programmes and terms, and a payout run every month."""

from __future__ import annotations

import datetime as dt

from erp.history.deeds import (
    Approve,
    ApproveRerate,
    Cancel,
    CloseMonth,
    Draft,
    Found,
    Prepare,
    ProposeRerate,
    Retry,
    Settle,
    TakeBack,
    Withdraw,
    WriteOff,
)
from erp.history.script.arrivals import CRM_AFTER
from erp.history.script.world import World

EVERY = dt.timedelta(days=30)
LAST_RUN = dt.timedelta(days=3)
"""How long before the end the last run was paid; another is prepared since, and waits for approval."""
BETTER_TERMS_AFTER = dt.timedelta(weeks=22)
SCHEDULED_BEFORE = dt.timedelta(days=7)
CLOSING_DAY = 5
RANK_WITHDRAWN, RANK_SILENT, RANK_RETURNED = 7, 4, 5

CRM_TIERS = (("Partner", 0, 800), ("Senior partner", 4, 1200))
BETTER_TIERS = (("Bronze", 0, 1000), ("Silver", 2, 1500), ("Gold", 5, 2000), ("Platinum", 10, 2500))
PLANNED_TIERS = (*BETTER_TIERS, ("Diamond", 18, 2800))


class Office:
    """Programme managers and finance."""

    def __init__(self, world: World):
        self._world = world
        self._programmes()
        self._runs()
        self._books()

    def _programmes(self) -> None:
        world = self._world
        founded = world.at_work(world.start + CRM_AFTER - dt.timedelta(days=3))
        world.tell(Found(at=founded, programme="crm", name="CRM"))
        begins = founded + dt.timedelta(minutes=20)
        self._draft("crm", CRM_TIERS, "First terms", begins, begins=begins)
        better = world.at_work(world.start + BETTER_TERMS_AFTER)
        told = better - SCHEDULED_BEFORE
        self._draft("superapp", BETTER_TIERS, "A fourth tier, for those who bring ten", told, begins=better)
        self._rerates(better)
        planned = world.at_work(world.today - dt.timedelta(days=4))
        self._draft("superapp", PLANNED_TIERS, "A proposal for next year", planned, begins=None)

    def _rerates(self, better: dt.datetime) -> None:
        """One who brought many early is moved to the better terms; for all others it is proposed, and waits. By the calendar
        alone, not by chance."""
        world = self._world
        if better > world.today - dt.timedelta(days=60):
            return
        at = (better + dt.timedelta(days=20)).replace(hour=9)
        note = "Wrote that the new tiers should count for the first customers, too"
        world.tell(
            ProposeRerate(at=at, rerate=1, programme="superapp", least=3, days=16, code="agreed", note=note)
        )
        world.tell(ApproveRerate(at=at + dt.timedelta(hours=20), rerate=1))
        lately = (world.today - dt.timedelta(days=2)).replace(hour=9)
        note = "Two versions to explain are one too many"
        world.tell(
            ProposeRerate(
                at=lately, rerate=2, programme="superapp", least=0, days=30, code="one_version", note=note
            )
        )

    def _draft(
        self,
        programme: str,
        tiers: tuple[tuple[str, int, int], ...],
        note: str,
        at: dt.datetime,
        *,
        begins: dt.datetime | None,
    ) -> None:
        self._world.tell(
            Draft(
                at=at,
                programme=programme,
                tiers=tiers,
                note=note,
                monthly_cap=10_000_000,
                minimum_payout=100_000,
                begins=begins,
            )
        )

    def _runs(self) -> None:
        """Counted from the end, so that today there is a run just paid and one to approve."""
        world = self._world
        paid = [world.today - LAST_RUN - EVERY * back for back in range(world.plan.weeks * 7 // 30, -1, -1)]
        for number, day in enumerate(paid, start=1):
            self._run(number, world.at_work(day).replace(hour=7), last=day is paid[-1])
        yesterday = world.at_work(world.today - dt.timedelta(days=1))
        world.tell(Prepare(at=yesterday, run=len(paid) + 1, note="Holds that ended since the last run"))

    def _run(self, number: int, at: dt.datetime, *, last: bool) -> None:
        world = self._world
        run = number * 10
        hours = dt.timedelta(hours=1)
        note = f"Monthly run, {at:%B %Y}"
        world.tell(Prepare(at=at, run=run, note=note))
        if number % 5 == 0:
            world.tell(Cancel(at=at + hours, run=run))
            run += 1
            world.tell(Prepare(at=at + 2 * hours, run=run, note=f"{note}, once more after a correction"))
        if number % 3 == 0:
            world.tell(Withdraw(at=at + 3 * hours, run=run, rank=RANK_WITHDRAWN))
        world.tell(Approve(at=at + 4 * hours, run=run, silent=RANK_SILENT if last else None))
        if number % 4 == 0:
            note = "The statement of the bank shows it came back: account closed"
            world.tell(TakeBack(at=world.office_hours(at, 2, 4), run=run, rank=RANK_RETURNED, note=note))
        if not last:
            world.tell(Retry(at=world.office_hours(at, 5, 9), run=run))

    def _books(self) -> None:
        """Every Tuesday what the acquirer transferred on Monday; on the fifth of each month the month before is closed,
        the newest of which waits for a colleague; and debts that nobody will pay. By the calendar alone, not by chance."""
        world = self._world
        for day in (world.start + dt.timedelta(days=number) for number in range(world.plan.weeks * 7 + 1)):
            if day.weekday() == 1:
                world.tell(Settle(at=day.replace(hour=8), number=f"{day:%y%m%d}-1"))
            if day.day == CLOSING_DAY and (day.year, day.month) != (world.start.year, world.start.month):
                note = f"Settlements agree with the statements; {day:%B} is open"
                waits = day + dt.timedelta(days=31) > world.today
                world.tell(CloseMonth(at=day.replace(hour=9), note=note, approved=not waits))
        for back, decided in ((75, True), (1, False)):
            note = "Written to twice and called once; no other commission is to come"
            at = (world.today - dt.timedelta(days=back)).replace(hour=10)
            world.tell(WriteOff(at=at, reason="uncollectable", note=note, decided=decided))
