"""The simulated bank as one web application."""

from __future__ import annotations

from flask import Flask

from simulators.tbank.bank import Bank, open_bank
from simulators.tbank.control import control_door
from simulators.tbank.counter import acquiring_door, payout_door
from simulators.tbank.notifications import Courier
from simulators.tbank.pages import pages
from simulators.tbank.past import past_door
from simulators.tbank.settings import BankSettings
from simulators.web import bare_app, misbehave_door


def create_app(settings: BankSettings) -> Flask:
    """Open the books, start the courier, and hang up the doors."""
    bank: Bank = open_bank(settings)
    courier = Courier(bank)
    app = bare_app(__name__)
    app.jinja_env.filters["rubles"] = _rubles
    app.register_blueprint(acquiring_door(bank))
    app.register_blueprint(payout_door(bank))
    app.register_blueprint(pages(bank, courier))
    app.register_blueprint(control_door(bank))
    app.register_blueprint(past_door(bank))
    app.register_blueprint(misbehave_door(bank.faults))
    courier.start()
    return app


def _rubles(kopecks: int) -> str:
    return f"{kopecks // 100:,}.{kopecks % 100:02} ₽".replace(",", " ")
