"""A back-test runs in batches, can be stopped, and survives whoever runs it."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from erp.domain import backtests, programmes
from erp.domain.backtests import actions
from erp.domain.backtests.queries import RUN
from erp.jobs import backtests as job
from erp.kernel import ids, outbox
from erp.kernel.db import db, execute, rows, scalar
from erp.kernel.span import Span
from erp.kernel.transaction import rehearsal, transaction
from tests.backtests.conftest import results, run
from tests.support.cast import NOW, SOMEBODY, at_once, code_of
from tests.support.earnings import agent, customer_of, days, paid, payment


@pytest.fixture
def agents(superapp, monkeypatch):
    """Six agents, each of whom is a batch of their own."""
    monkeypatch.setattr(actions, "FACTS_AT_ONCE", 1)
    made = [agent() for _ in range(6)]
    for number, one in enumerate(made):
        paid(customer_of(one, days(-30)), 10_000 * (number + 1))
    return made


def id_of(reference):
    id = backtests.find(reference).id
    db.session.rollback()
    return id


def start(reference):
    id = id_of(reference)
    with transaction():
        backtests.start(id, by=SOMEBODY, now=NOW)


def replay_next(reference):
    id = id_of(reference)
    with transaction():
        return backtests.replay_next(id, by=SOMEBODY, now=NOW)


def progress(reference):
    test = backtests.find(reference)
    db.session.rollback()
    return test.state, test.agents_done, test.agents


def test_it_goes_batch_by_batch_and_tells_how_far_it_is(agents, asked):
    reference = asked(1)
    assert progress(reference) == ("waiting", 0, 0)
    start(reference)
    assert progress(reference) == ("running", 0, 6)
    assert replay_next(reference)
    assert progress(reference) == ("running", 1, 6)
    run(reference)
    assert progress(reference) == ("done", 6, 6)


def test_a_batch_that_is_not_committed_leaves_nothing(agents, asked):
    reference = asked(1)
    start(reference)
    id = id_of(reference)
    with rehearsal():
        assert backtests.replay_next(id, by=SOMEBODY, now=NOW)
    assert progress(reference) == ("running", 0, 6)
    run(reference)
    assert sorted(results(reference, 1).values()) == [(500 * n, 500 * n) for n in range(1, 7)]


def test_cancelled_it_stops_after_the_batch_it_is_at_and_keeps_what_it_has(agents, asked):
    reference = asked(1)
    start(reference)
    replay_next(reference)
    with transaction():
        backtests.cancel(reference, by=SOMEBODY, now=NOW)
    assert not replay_next(reference)
    assert progress(reference) == ("cancelled", 1, 6)
    run(reference)
    assert len(results(reference, 1)) == 1
    with pytest.raises(backtests.IsOver), transaction():
        backtests.cancel(reference, by=SOMEBODY, now=NOW)


def test_cancelled_before_it_began_it_never_begins(agents, asked):
    reference = asked(1)
    with transaction():
        backtests.cancel(reference, by=SOMEBODY, now=NOW)
    job.run([str(id_of(reference))])
    assert progress(reference) == ("cancelled", 0, 0)


def test_two_workers_at_once_replay_every_batch_once(app, agents, asked):
    reference = asked(1)
    start(reference)
    id = id_of(reference)
    went_on = at_once(app, lambda _: backtests.replay_next(id, by=SOMEBODY, now=NOW), list(range(6)))
    assert set(went_on) <= {True, False}, went_on
    run(reference)
    assert progress(reference) == ("done", 6, 6)
    assert len(results(reference, 1)) == 6


def test_two_back_tests_at_once_do_not_meet(agents, draft, asked):
    dear = draft((0, 1_000))
    one, other = asked(1), asked(dear)
    start(one), start(other)
    while replay_next(one) | replay_next(other):
        pass
    assert sorted(new for _, new in results(one, 1).values()) == [500 * n for n in range(1, 7)]
    assert sorted(new for _, new in results(other, 1).values()) == [1_000 * n for n in range(1, 7)]


def test_a_draft_that_changes_meanwhile_changes_nothing(agents, draft, asked, superapp):
    version = draft((0, 1_000))
    reference = asked(version)
    start(reference)
    replay_next(reference)
    terms = programmes.version(superapp, version).id
    cheap = programmes.TermsDraft([programmes.TierRow("Cheap", 0, 100)])
    with transaction():
        programmes.redraft(terms, cheap, seen=1, by=SOMEBODY, now=NOW)
    run(reference)
    assert sorted(new for _, new in results(reference, 1).values()) == [1_000 * n for n in range(1, 7)]
    (pinned,) = backtests.versions(id_of(reference))
    assert pinned.changed
    again = _repeated(reference)
    run(again)
    assert sorted(new for _, new in results(again, 1).values()) == [100 * n for n in range(1, 7)]


def test_a_draft_that_is_thrown_away_meanwhile_changes_nothing_but_cannot_be_repeated(
    agents, draft, asked, superapp
):
    version = draft((0, 1_000))
    reference = asked(version)
    with transaction():
        programmes.discard(programmes.version(superapp, version).id, by=SOMEBODY, now=NOW)
    run(reference)
    assert sorted(new for _, new in results(reference, 1).values()) == [1_000 * n for n in range(1, 7)]
    with pytest.raises(backtests.VersionGone):
        _repeated(reference)


def _repeated(reference):
    with transaction():
        return backtests.repeat(reference, by=SOMEBODY, now=NOW)


def test_what_is_told_after_it_was_asked_for_is_not_in_it(agents, asked):
    reference = asked(1)
    paid(customer_of(agents[0], days(-30)), 1_000_000)
    run(reference)
    assert results(reference, 1)[agents[0]] == (500, 500)


def test_a_span_counts_what_happened_in_it(agents, asked, alice):
    shop = customer_of(alice, days(-60))
    for at in (-40, -20, -1):
        paid(shop, 100_000, days(at))
    reference = asked(1, span=Span(days(-20), days(-1)))
    run(reference)
    assert results(reference, 1) == {alice: (5_000, 5_000)}


def test_some_agents_alone_by_their_codes(agents, asked):
    code = code_of(agents[2])
    reference = asked(1, agents=[code.lower(), ""])
    run(reference)
    assert results(reference, 1) == {agents[2]: (1_500, 1_500)}
    with pytest.raises(backtests.UnknownAgents) as refusal:
        asked(1, agents=[code, "NOBODY"])
    assert "NOBODY" in refusal.value.said.plain()


def test_one_to_four_versions(agents, draft, asked):
    versions = [draft((0, 100 * number)) for number in range(1, 6)]
    with pytest.raises(backtests.VersionsNeeded):
        asked()
    with pytest.raises(backtests.VersionsNeeded):
        asked(*versions)
    reference = asked(*versions[:4])
    run(reference)
    assert [version.cost for version in backtests.versions(id_of(reference))] == [2_100, 4_200, 6_300, 8_400]


def test_without_history_there_is_nothing_to_replay(superapp, asked):
    with pytest.raises(backtests.NothingToReplay):
        asked(1)


ROWS = (
    "back_test_result values (:id, 1, :agent, 1, 1, 0, 1, 0, null, null)",
    "back_test_agent values (:id, :agent, 1, 1, 0, 0, 0)",
)


@pytest.mark.parametrize("row", ROWS)
def test_nothing_is_written_for_a_back_test_that_is_not_there(agents, row):
    with pytest.raises(IntegrityError, match="no such back-test"), transaction():
        execute(f"insert into {row}", id=ids.uuid7(), agent=agents[0])


@pytest.mark.parametrize("row", ROWS)
def test_it_is_not_deleted_while_something_is_written_for_it(app, agents, asked, row):
    id = id_of(asked(1))
    with rehearsal():
        execute(f"insert into {row}", id=id, agent=agents[0])
        (refusal,) = at_once(app, _delete, [id])
        assert "lock timeout" in str(refusal)


def _delete(id):
    execute("set local lock_timeout = '100ms'")
    execute("delete from back_test where id = :id", id=id)


def test_deleted_it_leaves_no_row(agents, asked):
    reference = asked(1)
    with pytest.raises(backtests.IsRunning), transaction():
        backtests.remove(reference, by=SOMEBODY, now=NOW)
    run(reference)
    with transaction():
        backtests.remove(reference, by=SOMEBODY, now=NOW)
    tables = [name for (name,) in rows("select tablename from pg_tables where tablename like 'back_test%'")]
    assert len(tables) == 7
    assert [scalar(f"select count(*) from {name}") for name in tables] == [0] * 7


def test_what_the_books_lack_is_told(agents, asked, alice):
    payment(customer_of(alice, days(-3)), 40_000)
    reference = asked(1)
    run(reference)
    found = backtests.baseline(id_of(reference))
    assert (found.unequal, found.unequal_agents, found.cost - found.booked) == (1, 1, 2_000)


def fail_for_good(reference, monkeypatch):
    """A worker gets to the end of its patience: the database ends the statement every time."""
    news = list(
        rows("select id from outbox where job = :job and subject = :id", job=RUN, id=str(id_of(reference)))
    )
    db.session.rollback()

    def refuse(*_args, **_given):
        raise OperationalError("select 1", {}, Exception("canceling statement"))

    monkeypatch.setattr(actions, "replay_under", refuse)
    for _ in range(outbox.MOST_ATTEMPTS):
        assert progress(reference)[0] in ("waiting", "running")
        outbox.perform(RUN, [id for (id,) in news])
    monkeypatch.undo()


def test_one_whose_job_was_given_up_has_failed_and_says_so(agents, asked, monkeypatch):
    reference = asked(1)
    start(reference)
    replay_next(reference)
    fail_for_good(reference, monkeypatch)
    test = backtests.find(reference)
    listed = backtests.search(state="failed").first(5)
    db.session.rollback()
    assert (test.state, test.agents_done, test.attempts) == ("failed", 1, outbox.MOST_ATTEMPTS)
    assert test.last_error.startswith("OperationalError in ")
    assert [row.reference for row in listed] == [reference]
    assert backtests.search(state="running").count() == 0
    db.session.rollback()


def test_one_that_failed_goes_on_from_where_it_was(agents, asked, monkeypatch):
    undisturbed, reference = asked(1), asked(1)
    run(undisturbed)
    start(reference)
    replay_next(reference)
    fail_for_good(reference, monkeypatch)
    with transaction():
        backtests.resume(reference, by=SOMEBODY, now=NOW)
    assert progress(reference) == ("running", 1, 6)
    with pytest.raises(backtests.HasNotFailed), transaction():
        backtests.resume(reference, by=SOMEBODY, now=NOW)
    (news,) = rows("select id from outbox where subject = :id", id=str(id_of(reference)))
    db.session.rollback()
    assert outbox.perform(RUN, [news.id]) == 1
    assert progress(reference) == ("done", 6, 6)
    assert results(reference, 1) == results(undisturbed, 1)
    deeds = rows(
        "select action from audit_entry where subject_id = :id order by id", id=str(id_of(reference))
    )
    assert "back_test.resumed" in [deed for (deed,) in deeds]
    db.session.rollback()


def test_one_that_failed_can_be_cancelled_and_leaves_no_job_behind(agents, asked, monkeypatch):
    reference = asked(1)
    start(reference)
    fail_for_good(reference, monkeypatch)
    with pytest.raises(backtests.IsRunning), transaction():
        backtests.remove(reference, by=SOMEBODY, now=NOW)
    with transaction():
        backtests.cancel(reference, by=SOMEBODY, now=NOW)
    assert progress(reference)[0] == "cancelled"
    assert outbox.counts()["given_up"] == 0
    db.session.rollback()
    with pytest.raises(backtests.HasNotFailed), transaction():
        backtests.resume(reference, by=SOMEBODY, now=NOW)
