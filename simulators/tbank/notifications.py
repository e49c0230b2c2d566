"""What the bank sends by itself: signed news, repeated until the merchant answers 200 and `OK`."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx

from simulators.faults import Fault
from simulators.tbank import acquiring, payouts
from simulators.tbank.bank import NOTIFY, Bank
from simulators.tbank.books import Notification, Payment
from simulators.tbank.protocol import token

RETRY_SECONDS = (1, 2, 5, 10, 30)
"""Real time between attempts; the last step repeats. The bank itself waits an hour, tests cannot."""
MOST_ATTEMPTS = 20
MERCHANT_SECONDS = 10
"""The bank waits this long for the merchant's answer, and keeps the payer waiting no longer."""
TURN_SECONDS = 0.05
COURIERS = 4

log = logging.getLogger(__name__)


class Courier(threading.Thread):
    """Brings about what time brings about, then delivers what is due: first attempts in order per payment."""

    def __init__(self, bank: Bank):
        super().__init__(name="courier", daemon=True)
        self._bank = bank
        self._client = httpx.Client(timeout=MERCHANT_SECONDS, trust_env=False)
        self._pool = ThreadPoolExecutor(COURIERS, thread_name_prefix="courier")
        self._under_way: set[str] = set()

    def run(self) -> None:
        while True:
            try:
                self._turn()
            except Exception:  # the bank's courier never stops; whatever it was is in the log
                log.exception("a turn of the courier failed")
            time.sleep(TURN_SECONDS)

    def await_first_attempts(self, payment_id: str) -> None:
        """Keep the payer waiting until the merchant was told, as the bank does, but not for ever."""
        end = time.monotonic() + MERCHANT_SECONDS
        while time.monotonic() < end and self._has_untold_news(payment_id):
            time.sleep(TURN_SECONDS)

    def _turn(self) -> None:
        with self._bank.books.writing():
            _let_time_pass(self._bank)
            due = self._due()
            self._under_way.update(news.id for news in due)
        for news in due:
            self._pool.submit(self._attempt, news)

    def _due(self) -> list[Notification]:
        now, due, held_back = time.time(), [], set()
        for news in self._bank.books.waiting_notifications.values():
            under_way = news.id in self._under_way
            if not under_way and news.due <= now and news.payment_id not in held_back:
                due.append(news)
            if under_way or (news.attempts == 0 and not news.deferred):
                held_back.add(news.payment_id)
        return due

    def _attempt(self, news: Notification) -> None:
        try:
            fault = self._bank.faults.take(NOTIFY, news.order_id)
            if fault is not None and fault.fault == "reorder":
                self._record(replace(news, deferred=True, due=time.time() + (fault.seconds or 1)))
            else:
                self._record(_after_attempt(news, self._deliver(news, fault)))
        finally:
            with self._bank.books.lock:
                self._under_way.discard(news.id)

    def _deliver(self, news: Notification, fault: Fault | None) -> str:
        """Post it, spoiled as ordered; returns `OK` or what came instead."""
        kind = fault.fault if fault else ""
        if fault is not None:
            time.sleep(fault.seconds)
        if kind == "timeout_before":
            return "never sent"
        answer = self._post(news.url, signed(self._bank, news, kind))
        if kind == "duplicate":
            answer = self._post(news.url, signed(self._bank, news, kind))
        return "answer lost" if kind == "timeout_after" else answer

    def _post(self, url: str, body: dict[str, Any]) -> str:
        try:
            response = self._client.post(url, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        if response.status_code == 200 and response.text == "OK":
            return "OK"
        return f"{response.status_code} {response.text[:60]}"

    def _record(self, news: Notification) -> None:
        with self._bank.books.writing():
            self._bank.books.put(news)

    def _has_untold_news(self, payment_id: str) -> bool:
        with self._bank.books.lock:
            waiting = self._bank.books.waiting_notifications.values()
            return any(
                news.payment_id == payment_id and news.attempts == 0 and not news.deferred for news in waiting
            )


def _let_time_pass(bank: Bank) -> None:
    for operation in list(bank.books.unfinished.values()):
        if isinstance(operation, Payment):
            acquiring.expire(bank, operation)
        else:
            payouts.ripen(bank, operation)


def _after_attempt(news: Notification, answer: str) -> Notification:
    attempts = news.attempts + 1
    told = replace(news, attempts=attempts, answers=[*news.answers, answer])
    if answer == "OK":
        return replace(told, state="delivered")
    if attempts >= MOST_ATTEMPTS:
        return replace(told, state="given_up")
    pause = RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]
    return replace(told, due=time.time() + pause)


def signed(bank: Bank, news: Notification, fault: str = "") -> dict[str, Any]:
    """The news as it goes out, under a right Token unless the fault spoils it."""
    password = bank.settings.payout_password if news.payout else bank.settings.password
    body = dict(news.body)
    if fault == "wrong_amount":
        body["Amount"] += 100
    signed = {name: body[name] for name in news.signed_fields}
    body["Token"] = token(signed, password)
    if fault == "bad_token":
        body["Token"] = body["Token"][::-1]
    return body
