"""Verbs of back-tests: ask for one, replay it batch by batch, cancel, repeat, remove it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from erp.domain import programmes
from erp.domain.backtests import replay
from erp.domain.backtests.queries import RUN, find
from erp.domain.commissions.history import STEPS_USED, Steps
from erp.kernel import audit, ids, outbox
from erp.kernel.actor import Actor
from erp.kernel.db import Row, execute, row, rows
from erp.kernel.errors import DomainError, Invalid, NotFound
from erp.kernel.sentences import Sentence
from erp.kernel.span import EVER, Span

MOST_VERSIONS = 4
FACTS_AT_ONCE = 100_000
"""Facts that a batch replays in one statement: its memory, and how long a cancellation may take, are bounded by it."""
SETTINGS = """select set_config('work_mem', '64MB', true), set_config('temp_buffers', '32MB', true),
                     set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true),
                     set_config('enable_memoize', 'off', true), set_config('enable_mergejoin', 'off', true),
                     set_config('enable_indexscan', 'on', true)"""
"""A batch sorts in memory, is over before compiling it would pay, and is planned for as many agents as it has. It is
gathered by hashes: rows of a history need not be sorted to be joined."""
READING = (
    "select set_config('enable_indexscan', 'off', true), set_config('effective_io_concurrency', '0', true)"
)
"""Events of a batch lie all over their table: they are read page by page, each page once, by the process itself."""


class VersionsNeeded(Invalid):
    code = "back_test_versions_needed"
    sentence = Sentence("Choose one to %(most)s versions of the terms.", most=MOST_VERSIONS)


class NothingToReplay(DomainError):
    code = "nothing_to_replay"
    sentence = Sentence("The programme has no recorded history to replay yet.")


class UnknownAgents(Invalid):
    code = "unknown_agents"


class VersionGone(DomainError):
    code = "back_test_version_gone"
    sentence = Sentence("A version of the terms was thrown away meanwhile. Ask for a new back-test.")


class IsOver(DomainError):
    code = "back_test_is_over"
    sentence = Sentence("The back-test has ended already.")


class HasNotFailed(DomainError):
    code = "back_test_has_not_failed"
    sentence = Sentence("The back-test has not failed, or goes on already.")


class IsRunning(DomainError):
    code = "back_test_is_running"
    sentence = Sentence("The back-test still runs. Cancel it first.")


def ask(
    programme_id: UUID,
    versions: Sequence[int],
    *,
    span: Span = EVER,
    agents: Sequence[str] = (),
    note: str = "",
    by: Actor,
    now: dt.datetime,
) -> str:
    """Have a worker replay the programme's history under up to four versions of its terms; its reference.

    The versions are pinned as they stand now, and so is the history. `span` says what is counted, by the moment at
    which customers paid or signed up; `agents` are the codes of those it is for, without any it is for all. Raises
    `VersionsNeeded`, `UnknownAgents`, `NothingToReplay`, `NotFound`.
    """
    if not 1 <= len(set(versions)) <= MOST_VERSIONS:
        raise VersionsNeeded
    terms = [programmes.version(programme_id, number).id for number in sorted(set(versions))]
    return _lay_down(programme_id, terms, span, _agent_ids(agents), note.strip(), by=by, now=now)


def repeat(reference: str, *, by: Actor, now: dt.datetime) -> str:
    """The same again, with the terms and the history as they are now; the new reference.

    Raises `VersionGone`, `NothingToReplay`, `NotFound`.
    """
    before = _find(reference)
    terms = rows(
        "select terms_id from back_test_version where back_test_id = :id order by position", id=before.id
    )
    span = Span(before.since, before.before)
    given = (before.programme_id, [id for (id,) in terms], span, before.agent_ids, before.note)
    return _lay_down(*given, by=by, now=now)


def _lay_down(
    programme_id: UUID,
    terms: Sequence[UUID],
    span: Span,
    agent_ids: list[UUID] | None,
    note: str,
    *,
    by: Actor,
    now: dt.datetime,
) -> str:
    id, reference = ids.uuid7(), ids.reference("BKT")
    known = row(
        "select max(e.id) as event_id, (select max(r.id::text) from referral r)::uuid as referral_id from event e"
    )
    assert known is not None
    if known.referral_id is None:
        raise NothingToReplay
    execute(
        """insert into back_test (id, reference, programme_id, note, since, before, agent_ids, last_event_id,
                                  last_referral_id, asked_by, asked_at)
           values (:id, :reference, :programme_id, :note, :since, :before, :agent_ids, :last_event_id, :last_referral_id,
                   :by, :now)""",
        id=id,
        reference=reference,
        programme_id=programme_id,
        note=note,
        agent_ids=agent_ids,
        last_event_id=known.event_id,
        last_referral_id=known.referral_id,
        by=str(by),
        now=now,
        **span.params,
    )
    for position, terms_id in enumerate(terms, start=1):
        _pin(id, position, terms_id)
    audit.record("back_test.asked", "back_test", id, by=by, at=now, details={"versions": len(terms)})
    outbox.enqueue(RUN, id)
    return reference


def _pin(id: UUID, position: int, terms_id: UUID) -> None:
    """Keep a version as it stands."""
    kept = execute(
        """insert into back_test_version (back_test_id, position, terms_id, version, revision, was, pinned, terms, rules,
                                          tiers)
           select :id, :position, t.id, t.version, t.revision, t.state,
                  (select count(*) from referral r where r.terms_id = t.id), to_jsonb(t),
                  (select jsonb_agg(to_jsonb(u) order by u.position) from rule u where u.terms_id = t.id),
                  (select jsonb_agg(to_jsonb(x) order by x.position) from tier x where x.terms_id = t.id)
           from terms t where t.id = :terms_id""",
        id=id,
        position=position,
        terms_id=terms_id,
    )
    if not kept.rowcount:
        raise VersionGone


def _agent_ids(codes: Sequence[str]) -> list[UUID] | None:
    """Agents by their codes, None for all. Raises `UnknownAgents` naming those that there are not."""
    wanted = {code.strip().upper() for code in codes if code.strip()}
    if not wanted:
        return None
    found = rows("select id, code from agent where code = any(:codes)", codes=list(wanted))
    missing = sorted(wanted - {agent.code for agent in found})
    if missing:
        sentence = Sentence("There are no agents with these codes: %(codes)s.", codes=", ".join(missing))
        raise UnknownAgents(sentence, fields={"agents": sentence})
    return [agent.id for agent in found]


def start(id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """Cut the agents into batches, unless that was done before or it was cancelled."""
    begun = row(
        """update back_test set state = 'running', started_at = :now where id = :id and state = 'waiting'
           returning id, programme_id, agent_ids, last_referral_id""",
        id=id,
        now=now,
    )
    if begun is not None:
        _cut(begun)
        audit.record("back_test.started", "back_test", id, by=by, at=now)


def _cut(begun: Row) -> None:
    execute(SETTINGS)
    for batch in rows(replay.CUT, facts_at_once=FACTS_AT_ONCE, **begun._asdict()):
        execute(
            """insert into back_test_batch (back_test_id, number, first_agent_id, last_agent_id, agents, facts)
               values (:id, :number, :first_agent_id, :last_agent_id, :agents, :facts)""",
            id=begun.id,
            **batch._asdict(),
        )


def replay_next(id: UUID, *, by: Actor, now: dt.datetime) -> bool:
    """Replay one batch that nobody has replayed, or end what has none left; whether there may be more.

    All that a batch makes comes with it or not at all, so a worker that dies leaves nothing half.
    """
    test = running(id)
    if test is None:
        return False
    batch = claim(id)
    if batch is None:
        _end(id, by=by, now=now)
        return False
    given = {**test._asdict(), **batch._asdict()}
    read(given)
    for position in (0, *test.positions):
        replay_under(position, given)
    mark_done(id, batch.number, now=now)
    return True


def running(id: UUID) -> Row | None:
    """What the statements of a back-test ask for, as long as it runs."""
    return row(
        """select b.id, b.programme_id, b.since, b.before, b.agent_ids, b.last_event_id, b.last_referral_id, b.asked_at, p.zone,
                  array(select v.position from back_test_version v where v.back_test_id = b.id order by 1) as positions
           from back_test b join programme p on p.id = b.programme_id where b.id = :id and b.state = 'running'""",
        id=id,
    )


def claim(id: UUID) -> Row | None:
    """A batch that nobody has replayed and nobody is at; until the transaction ends it is ours."""
    return row(
        """select number, first_agent_id, last_agent_id from back_test_batch
           where back_test_id = :id and done_at is null order by number limit 1 for update skip locked""",
        id=id,
    )


def read(given: Mapping[str, Any]) -> None:
    """Read what happened to the customers of a batch, for all that is replayed of it in this transaction."""
    shares, recorded = replay.READ
    execute(SETTINGS)
    execute(shares, **given)
    execute(READING)
    execute(recorded, **given)


def replay_under(position: int, given: Mapping[str, Any]) -> None:
    """Write what a batch that was read earned (position 0), or would have earned under a version."""
    execute(SETTINGS)
    statement = replay.replay_version if position else replay.replay_own
    execute(statement(_steps(position, given)), **{**given, "position": position})


def _steps(position: int, given: Mapping[str, Any]) -> Steps:
    """What a version uses, or (position 0) what any terms use that a referral of the programme can follow."""
    found = row(
        f"""select {STEPS_USED} from (
              select t, u from terms t join rule u on u.terms_id = t.id
              where :position = 0 and t.programme_id = :programme_id
              union all
              select t, u from back_test_version v
              cross join jsonb_populate_record(cast(null as terms), v.terms) t
              cross join jsonb_populate_recordset(cast(null as rule), v.rules) u
              where v.back_test_id = :id and v.position = :position) x
            cross join lateral (select (x.t).*) t cross join lateral (select (x.u).*) u""",
        position=position,
        programme_id=given["programme_id"],
        id=given["id"],
    )
    assert found is not None
    return Steps(**found._asdict())


def mark_done(id: UUID, number: int, *, now: dt.datetime) -> None:
    execute(
        "update back_test_batch set done_at = :now where back_test_id = :id and number = :number",
        id=id,
        number=number,
        now=now,
    )


def _end(id: UUID, *, by: Actor, now: dt.datetime) -> None:
    """It is done when every batch is; another worker may still be at one."""
    ended = execute(
        """update back_test set state = 'done', ended_at = :now
           where id = :id and state = 'running'
             and not exists (select 1 from back_test_batch where back_test_id = :id and done_at is null)""",
        id=id,
        now=now,
    )
    if ended.rowcount:
        audit.record("back_test.done", "back_test", id, by=by, at=now)


def go_on(id: UUID) -> None:
    """Have a worker go on with it, after what else is waiting."""
    outbox.enqueue(RUN, id)


def resume(reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Have a worker try once more what it gave up; what was replayed by then counts. Raises `HasNotFailed`, `NotFound`."""
    test = find(reference)
    if test.state != "failed":
        raise HasNotFailed
    try:
        outbox.retry(test.failed_job, by=by, now=now)
    except outbox.HasNotFailed as overtaken:
        raise HasNotFailed from overtaken
    audit.record("back_test.resumed", "back_test", test.id, by=by, at=now)


def cancel(reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Stop it: the batch that is being replayed is the last. Raises `IsOver`, `NotFound`."""
    test = _find(reference)
    stopped = execute(
        """update back_test set state = 'cancelled', ended_at = :now
           where id = :id and state in ('waiting', 'running')""",
        id=test.id,
        now=now,
    )
    if not stopped.rowcount:
        raise IsOver
    outbox.let_go(RUN, test.id)
    audit.record("back_test.cancelled", "back_test", test.id, by=by, at=now)


def remove(reference: str, *, by: Actor, now: dt.datetime) -> None:
    """Throw it away with all its results. Raises `IsRunning`, `NotFound`."""
    test = _find(reference)
    removed = execute("delete from back_test where id = :id and state in ('done', 'cancelled')", id=test.id)
    if not removed.rowcount:
        raise IsRunning
    audit.record("back_test.removed", "back_test", test.id, by=by, at=now, details={"reference": reference})


def _find(reference: str) -> Row:
    found = row(
        "select id, programme_id, since, before, agent_ids, note from back_test where reference = :reference",
        reference=reference,
    )
    if found is None:
        raise NotFound
    return found
