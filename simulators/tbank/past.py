"""Much at once of what has happened before: requests in one envelope, each with its moment.

Each is checked, performed and remembered as at its own address, only at the moment that it names; faults and barriers
stand at the counter and are not met here. The news that follows is taken from the answer instead of being brought.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulators.clock import Moment
from simulators.tbank import acquiring, fields, payouts
from simulators.tbank.bank import Bank
from simulators.tbank.books import Notification, Recipient
from simulators.tbank.counter import check, perform
from simulators.tbank.notifications import signed
from simulators.tbank.payers import attempt
from simulators.tbank.protocol import Refused
from simulators.web import json_body

SLACK = timedelta(seconds=5)
"""How far ahead of the bank's clock a moment may be and still be called past."""
PLACES = ("/pay/", "/_control/refund", "/_control/recipient")
"""Where things happen besides the counter."""
Answer = dict[str, Any]


class Impossible(Exception):
    """The past did not go like this; the message says why."""


def past_door(bank: Bank) -> Blueprint:
    door = Blueprint("past", __name__)

    @door.post("/_control/past")
    def happen() -> tuple[Response, int]:
        """`{"requests": [{"at", "path", "body"}]}`, oldest first: `{"answers", "news": [{"at", "url", "body"}]}`."""
        told = (json_body() or {}).get("requests", [])
        answers, news = [], []
        try:
            moments = _moments(bank, told)
            with bank.books.writing():
                for at, given in zip(moments, told, strict=True):
                    heard = len(bank.books.notifications)
                    answers.append(_answer(replace(bank, clock=Moment(at)), given))
                    news += [{"at": given["at"], **one} for one in _take_news(bank, heard)]
        except (Impossible, KeyError, ValueError, TypeError) as error:
            return jsonify(error=f"{type(error).__name__}: {error}"), 400
        return jsonify(answers=answers, news=news), 200

    return door


def _moments(bank: Bank, told: list[dict[str, Any]]) -> list[datetime]:
    """When each request was made. Raises `Impossible` before anything is done."""
    for given in told:
        if not (_operation(given["path"]) or given["path"].startswith(PLACES)):
            raise Impossible(f"nothing happens at {given['path']}")
    moments = [datetime.fromisoformat(given["at"]) for given in told]
    if moments != sorted(moments):
        raise Impossible("the requests are not in order of time")
    if moments and moments[-1] > bank.clock.look() + SLACK:
        raise Impossible(f"{moments[-1].isoformat()} is in the future")
    return moments


def _answer(bank: Bank, given: dict[str, Any]) -> Answer:
    path, body = str(given["path"]), given["body"]
    try:
        if operation := _operation(path):
            check(bank, operation, body)
            return perform(bank, operation, body, request.host_url)
        if path.startswith("/pay/"):
            payment = attempt(bank, acquiring.find(bank, path.removeprefix("/pay/")), body)
            return {"Success": True, "Status": payment.status}
        if path == "/_control/refund":
            payment = acquiring.find(bank, fields.payment_id(body, "255"))
            done = acquiring.give_back(bank, payment, fields.amount(body, "Amount"), source="cabinet")
            return {"Success": True, "Status": done.status}
        bank.books.put(Recipient(fields.required_text(body, "phone"), body["short_name"]))
        return {"Success": True}
    except Refused as refusal:
        return refusal.answer()


def _operation(path: str) -> str | None:
    method = path.removeprefix("/v2/")
    return payouts.PATHS.get(path) or (method if path != method and method in acquiring.METHODS else None)


def _take_news(bank: Bank, heard: int) -> list[Answer]:
    """What the bank came to owe the merchant since, as its courier would bring it; now it owes it no more."""
    fresh: list[Notification] = list(bank.books.notifications.values())[heard:]
    for news in fresh:
        bank.books.put(replace(news, state="delivered", attempts=1, answers=["OK"]))
    return [{"url": news.url, "body": signed(bank, news)} for news in fresh]
