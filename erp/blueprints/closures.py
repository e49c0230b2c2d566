"""What closing an agent's account will do, said before it is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext, ngettext

from erp.blueprints.presentation import format_money
from erp.domain import bookings, commissions, ledger, referrals


def consequences(agent: Any) -> list[str]:
    """What becomes of an agent (a profile): of the account, the places it holds, its money and its customers."""
    return [
        gettext("The code stops working and every device is signed out."),
        *_places(agent),
        *_money(agent),
        *_customers(agent),
        gettext("None of this can be undone."),
    ]


def _places(agent: Any) -> Iterator[str]:
    if held := bookings.number_open(agent.id):
        yield ngettext("%(num)s open booking ends.", "%(num)s open bookings end.", held)


def _money(agent: Any) -> Iterator[str]:
    frozen = [part for part in commissions.frozen_of_agent(agent.id) if part.net > 0]
    for currency in ledger.currencies(agent.id):
        balances = ledger.balances([agent.id], currency)[agent.id]
        yield from _owed(agent, balances, currency)
        yield from (_frozen(part) for part in frozen if part.currency == currency)


def _owed(agent: Any, balances: dict[str, int], currency: str) -> Iterator[str]:
    money = {kind: format_money(abs(amount), currency) for kind, amount in balances.items()}
    if balances["available"] > 0:
        yield gettext(
            "%(amount)s is available and is paid with the next payout run.", amount=money["available"]
        )
    if balances["available"] < 0:
        yield gettext("%(amount)s is owed by the agent and stays a debt.", amount=money["available"])
    if balances["pending"] > 0:
        yield gettext(
            "%(amount)s is on hold; it becomes available when the hold is over, and is paid then.",
            amount=money["pending"],
        )
    if balances["in_payout"] > 0:
        yield gettext("%(amount)s is in payout, and the transfer goes on.", amount=money["in_payout"])
    if max(balances["available"], balances["pending"]) > 0 and not agent.bank_member_id:
        yield gettext(
            "But the agent has chosen no bank, and can do so no more afterwards: ask for one first."
        )


def _frozen(part: Any) -> str:
    amount = format_money(part.net, part.currency)
    if part.reason == "attribution_case":
        return gettext("%(amount)s is frozen until a case is decided.", amount=amount)
    if part.on_agent_closed == "forfeit":
        return gettext("%(amount)s is frozen, and is forfeited at once: the terms say so.", amount=amount)
    return gettext("%(amount)s is frozen, and stays so until all is settled with the agent.", amount=amount)


def _customers(agent: Any) -> Iterator[str]:
    for told in referrals.terms_of_agent(agent.id):
        name = {"programme": told.programme_name, "version": told.version}
        if told.on_agent_closed == "forfeit":
            yield ngettext(
                "What %(num)s customer pays later is forfeited (%(programme)s, terms %(version)s).",
                "What %(num)s customers pay later is forfeited (%(programme)s, terms %(version)s).",
                told.customers,
                **name,
            )
        else:
            yield ngettext(
                "What %(num)s customer pays later is frozen until it is settled with the agent"
                " (%(programme)s, terms %(version)s).",
                "What %(num)s customers pay later is frozen until it is settled with the agent"
                " (%(programme)s, terms %(version)s).",
                told.customers,
                **name,
            )
