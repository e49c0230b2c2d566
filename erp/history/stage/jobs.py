"""The work that deeds leave behind, done in order as soon as they are: what workers and the schedule do in life."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from erp import config
from erp.domain import bookings, commissions, disputes, notices, payments, programmes, rerates, statements
from erp.history.stage import money, office, payroll
from erp.history.stage.stage import Stage, subjects
from erp.kernel import outbox
from erp.kernel.actor import Actor
from erp.kernel.transaction import transaction

BY, SEALS = Actor.system("commissions"), Actor.system("statements")
TERMS = Actor.system("programmes")
AT_ONCE = 1000
Handler = Callable[[Sequence[outbox.News], Stage], None]


def perform(stage: Stage) -> None:
    """All that is waiting, and all that comes of it."""
    while job := stage.next_job():
        HANDLERS[job](stage.take_news(job), stage)


def _accrue(news: Sequence[outbox.News], stage: Stage) -> None:
    with transaction():
        commissions.accrue([int(event) for event in subjects(news)], by=BY, now=stage.moment)
        outbox.done(news)


def _each(verb: Callable[..., object], by: Actor = BY) -> Handler:
    def handle(news: Sequence[outbox.News], stage: Stage) -> None:
        with transaction():
            for subject in subjects(news):
                verb(UUID(subject), by=by, now=stage.moment)
            outbox.done(news)

    return handle


def _told(news: Sequence[outbox.News], stage: Stage) -> None:
    """Agents read what was written to them, without the SMS gateway."""
    with transaction():
        for subject in subjects(news):
            disputes.record_told(UUID(subject), now=stage.moment)
        outbox.done(news)


def _announce(verb: Callable[..., object]) -> Handler:
    def handle(news: Sequence[outbox.News], stage: Stage) -> None:
        with transaction():
            for subject in subjects(news):
                verb(UUID(subject), now=stage.moment)
            outbox.done(news)

    return handle


def _noticed(news: Sequence[outbox.News], stage: Stage) -> None:
    """Agents are told of terms, without the SMS gateway."""
    with transaction():
        for subject in subjects(news):
            notices.record_told(int(subject), now=stage.moment)
        outbox.done(news)


def _count(news: Sequence[outbox.News], stage: Stage) -> None:
    """What agents would win or lose by a re-rate."""
    with transaction():
        for subject in subjects(news):
            while rerates.count_next(UUID(subject), now=stage.moment):
                pass
        outbox.done(news)


HANDLERS: dict[str, Handler] = {
    "erp.jobs.commissions.accrue": _accrue,
    "erp.jobs.commissions.release_frozen": _each(commissions.release_frozen),
    "erp.jobs.commissions.settle_referral": _each(commissions.settle_referral),
    "erp.jobs.commissions.release_frozen_of_agent": _each(commissions.release_frozen_of_agent),
    "erp.jobs.bookings.release_of_agent": _each(bookings.release_of_agent, Actor.system("bookings")),
    "erp.jobs.disputes.tell": _told,
    "erp.jobs.notices.announce_terms": _announce(notices.announce_terms),
    "erp.jobs.notices.call_off_terms": _announce(notices.call_off_terms),
    "erp.jobs.notices.tell": _noticed,
    "erp.jobs.rerates.count": _count,
    money.FOLLOW: money.follow,
}
DONE_WITH_THEIR_DEEDS = {money.SEND_REFUND, office.SEND_CODE, payroll.EXECUTE, payroll.FOLLOW}
"""Jobs whose work the deed that leaves them does itself: it needs the bank's answer, or the code."""


def keep_the_schedule(stage: Stage) -> None:
    """What is done by the clock: scheduled terms take force, holds end, bookings expire, payments that nobody told of
    are asked about, and months that are over are sealed."""
    with transaction():
        for programme_id in programmes.due(stage.moment):
            programmes.come_into_force(programme_id, by=TERMS, now=stage.moment)
        while commissions.mature(by=BY, now=stage.moment):
            pass
        while commissions.settle_bonuses(by=BY, now=stage.moment):
            pass
        while commissions.forfeit_of_closed(by=BY, now=stage.moment):
            pass
        while commissions.carry_out_due(by=BY, now=stage.moment):
            pass
        while disputes.carry_out_due(by=Actor.system("disputes"), now=stage.moment):
            pass
        bookings.expire_overdue(now=stage.moment, limit=AT_ONCE)
        payments.poll_open(now=stage.moment)
    perform(stage)
    _seal(stage)


def _seal(stage: Stage) -> None:
    with statements.sealing():
        sealed = 1
        while sealed:
            with transaction():
                sealed = statements.seal(by=SEALS, now=stage.moment)
        with transaction():
            statements.sign_root(by=SEALS, now=stage.moment)
        statements.export_roots(config.get().roots_folder)
