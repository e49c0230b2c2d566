"""Two schedulers do not double the work."""

import threading

from flask import Flask

from erp.kernel import schedule


def test_each_slot_is_taken_once_by_however_many(app: Flask) -> None:
    taken: list[bool] = []

    def try_to_take() -> None:
        with app.app_context():
            taken.append(schedule.take("erp.jobs.outbox.sweep", 3600))

    threads = [threading.Thread(target=try_to_take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_nothing_is_taken_while_the_schedule_rests(context: None) -> None:
    with schedule.rest():
        assert not schedule.take("erp.jobs.outbox.sweep", 3600)
    assert schedule.take("erp.jobs.outbox.sweep", 3600)
