"""RQ workers stay known to those who look for them."""

from __future__ import annotations

from flask import Flask
from redis import Redis

from erp.kernel import outbox
from erp.worker import QUEUES, Worker


def test_a_worker_that_goes_on_after_a_wipe_is_counted_again(app: Flask, redis: Redis) -> None:
    worker = Worker(QUEUES, connection=redis)
    worker.register_birth()
    redis.flushdb()
    assert outbox.workers() == 0
    worker.heartbeat()
    assert outbox.workers() == 1
    worker.register_death()
