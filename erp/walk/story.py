"""The main job, chapter by chapter, and what each proves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console

from erp.walk.narrator import Failed, Narrator, rubles
from erp.walk.objections import the_dispute
from erp.walk.pages import Staff
from erp.walk.programs import Agent, Bank, Program, until

__all__ = ["Failed", "Places", "walk"]

TBANK_MEMBER = "100000000004"
LONGEST_REST_OF_A_MONTH = 31
"""After so many days the month of whatever was booked before is over."""
CARD_DECLINED = "2201382000000831"


@dataclass(frozen=True)
class Places:
    """Where the parts of an instance answer, and who may sign in."""

    url: str
    tbank_url: str
    sms_url: str
    product_key: str
    staff: dict[str, list[tuple[str, str]]]
    """By role: e-mail and password."""


def walk(places: Places, console: Console) -> int:
    """Play the whole main job; how many claims were proven. Raises `Failed` at the first that is not so."""
    story = Story(places, Narrator(console))
    for number, chapter in enumerate(CHAPTERS, start=1):
        story.say.chapter(number, (chapter.__doc__ or "").strip())
        chapter(story)
    return story.say.proved


class Story:
    """Everybody who acts, and what they know of each other."""

    def __init__(self, places: Places, narrator: Narrator):
        self.places = places
        self.say = narrator
        self.run = secrets.token_hex(3)
        self.bank = Bank(places.tbank_url)
        self.product = Program(places.url, places.product_key)
        self.admin = self._staff("admin")
        self.manager = self._staff("manager")
        self.finance = self._staff("finance")
        self.checker = self._staff("finance", 1)
        self.anna: Agent
        self.boris: Agent
        self.free: list[dict[str, Any]] = []
        self.payments: dict[str, str] = {}

    def _staff(self, role: str, number: int = 0) -> Staff:
        email, password = self.places.staff[role][number]
        return Staff(self.places.url, email, password)

    def enlist(self, name: str, short_name: str) -> Agent:
        """Somebody registers in RefAPP, says where to be paid, and is verified by a manager."""
        phone = f"+7916{secrets.randbelow(10**7):07d}"
        agent = Agent(self.places.url, self.places.sms_url, phone, name)
        changed = agent.ask("PATCH", "/me", json={"bank_member_id": TBANK_MEMBER})
        self.say.prove(
            changed.status_code == 200, f"{name} registered by a code sent to {phone[:5]}…; code {agent.code}"
        )
        self.bank.name_recipient(phone, short_name)
        page = self.manager.open(f"/agents/{agent.reference}")
        self.manager.submit(page, "/activation")
        self.say.prove(
            agent.get("/me")["state"] == "active", f"a manager verified {agent.reference} in RefERP"
        )
        return agent

    def take_place(self) -> dict[str, Any]:
        """A free establishment that nobody in this walk has touched."""
        if not self.free:
            self.free = self.anna.get("/establishments", state="free", limit=100)["items"]
            secrets.SystemRandom().shuffle(self.free)
        return self.free.pop()

    def sign_up(self, name: str, place: dict[str, Any] | None, **more: Any) -> Any:
        """The owner's product tells of a new customer; its id here is short, unique for this walk."""
        body = {
            "external_id": self.customer(name),
            "kind": "establishment" if place else "company",
            "name": name,
            **more,
        }
        if place:
            body["establishment"] = place["reference"]
        return self.product.post("/sign-ups", body)

    def customer(self, name: str) -> str:
        return f"walk-{self.run}-{name}"

    def order(self, customer: str, kopecks: int) -> Any:
        """The product asks Ref for a payment; the answer has the bank's page."""
        number = f"walk-{self.run}-order-{len(self.payments)}-{secrets.token_hex(2)}"
        total = {"amount": kopecks, "currency": "RUB"}
        body = {
            "external_id": number,
            "customer": self.customer(customer),
            "total": total,
            "description": "SuperApp, one month",
        }
        return self.product.post("/orders", body)

    def pay(self, customer: str, kopecks: int, remember: str) -> None:
        """The customer pays at the bank; workers hear of it and follow it up."""
        placed = self.order(customer, kopecks)
        self.bank.pay(placed["payment_url"])

        def settled() -> Any:
            return self.product.get(f"/orders/{placed['external_id']}")["payment_status"] == "CONFIRMED"

        until(settled, "the confirmation of a payment")
        self.payments[remember] = placed["payment"]

    def commission(self, agent: Agent, remembered: str) -> Any:
        """What a payment earned, as the agent sees it."""

        def look() -> Any:
            for line in agent.get("/commissions")["items"]:
                shown = agent.get(f"/commissions/{line['id']}")
                if any(self.payment_id(remembered) in sentence for sentence in shown["why"]["sentences"]):
                    return shown
            return None

        return until(look, f"the commission of the payment {remembered}")

    def payment_id(self, remembered: str) -> str:
        """The bank's number of a payment; it knows our reference as its order id."""
        number: str = self.bank.operations(self.payments[remembered])["payments"][0]["payment_id"]
        return number

    def refund(self, remembered: str, rubles_: str) -> None:
        """Finance gives a part of a payment back from its page."""
        page = self.finance.open(f"/payments/{self.payments[remembered]}")
        answer = self.finance.submit(page, "/refunds", amount=rubles_, reason="The customer asked for it")
        if answer.status != 200:
            raise Failed(f"the refund was refused: {answer.text[:300]}")

    def pass_days(self, days: int) -> None:
        """Let time pass on the mock clock; what became due is done by workers."""
        self.admin.submit(self.admin.open("/mock/clock"), "/mock/clock", days=str(days))
        self.say.tell(f"{days} days pass on the mock clock.")

    def pay_out(self) -> str:
        """Finance prepares a run, a different person approves, workers pay; the run's reference."""
        prepared = self.finance.submit(self.finance.open("/payout-runs/new"), "/payout-runs", note="Walk")
        run = prepared.url.rstrip("/").rsplit("/", 1)[-1].partition("?")[0]
        if not run.startswith("RUN-"):
            raise Failed(f"no run was prepared: {prepared.text[:300]}")
        return run

    def approve(self, run: str) -> None:
        page = self.checker.open(f"/payout-runs/{run}")
        self.checker.submit(page, "/approval")


def the_catalogue(story: Story) -> None:
    """The catalogue: real places, imported from a file"""
    page = story.manager.open("/establishments")
    story.say.prove(len(page.tables[0]) > 10, "RefERP lists the establishments of the demo catalogue")
    found = story.manager.open("/establishments?q=kahvila")
    story.say.prove("ahvila" in found.text, "a search for “kahvila” finds coffee houses by name or address")


def the_people(story: Story) -> None:
    """Agents register by phone; staff sign in with their roles"""
    for person in (story.admin, story.manager, story.finance, story.checker):
        story.say.tell(f"{person.email} is signed in to RefERP.")
    forbidden = story.manager.http.get("/payout-runs/new")
    story.say.prove(forbidden.status_code == 403, "a manager may not prepare payouts: 403")
    story.anna = story.enlist("Петрова Анна Сергеевна", "Анна Сергеевна П.")
    story.boris = story.enlist("Котов Борис Львович", "Борис Львович К.")


def the_booking(story: Story) -> None:
    """Booking: one place, one agent, for a limited time"""
    place = story.take_place()
    booked = story.anna.post(f"/establishments/{place['reference']}/booking")
    story.say.prove(booked["stage"] == "booked", f"Anna booked {place['name']}")
    refused = story.boris.ask("POST", f"/establishments/{place['reference']}/booking", json={})
    story.say.prove(
        (refused.status_code, refused.json()["code"]) == (409, "already_booked"),
        "Boris is refused the same place: 409 already_booked",
        refused.text,
    )
    moved = story.anna.ask("PATCH", f"/bookings/{booked['reference']}", json={"stage": "contacted"})
    story.say.prove(moved.status_code == 200, "Anna moved it to “contacted”")
    other = story.take_place()
    page = story.manager.open(f"/establishments/{other['reference']}")
    story.manager.submit(page, "/booking", agent=story.boris.code)
    held = story.boris.get("/bookings", state="open")["items"]
    story.say.prove(
        any(one["establishment"]["reference"] == other["reference"] for one in held),
        f"a manager booked {other['name']} for Boris on its page",
    )
    page = story.manager.open(f"/establishments/{other['reference']}")
    story.manager.submit(page, "/booking/release")
    again = story.anna.post(f"/establishments/{other['reference']}/booking")
    story.say.prove(again["stage"] == "booked", "and released it again: now Anna holds it")
    story.pass_days(15)
    until(
        lambda: story.anna.get(f"/bookings/{booked['reference']}")["ending"] == "expired",
        "the expiry of a booking",
    )
    story.say.prove(True, "after 14 days an unused booking expires by itself")
    taken = story.boris.post(f"/establishments/{place['reference']}/booking")
    story.say.prove(taken["stage"] == "booked", f"and {place['name']} is Boris's now")
    story.boris.ask("DELETE", f"/establishments/{place['reference']}/booking")


def the_referral(story: Story) -> None:
    """Sign-up: who brought the customer, decided once and proven"""
    place = story.take_place()
    story.anna.post(f"/establishments/{place['reference']}/booking")
    spaced = f" {story.anna.code[:3].lower()} - {story.anna.code[3:]} "
    signed = story.sign_up("cafe", place, code=spaced)
    story.say.prove(
        (signed["agent_code"], signed["basis"], signed["case"]) == (story.anna.code, "booking", None),
        f"{place['name']} signed up with “{spaced.strip()}”: attributed to Anna by her booking",
        signed,
    )
    story.say.prove(
        story.sign_up("cafe", place, code=spaced)["referral"] == signed["referral"],
        "telling of the same sign-up twice changes nothing",
    )
    by_code = story.sign_up("bakery", story.take_place(), code=story.anna.code)
    story.say.prove(by_code["basis"] == "code", "a place that nobody booked is attributed by the code alone")
    own = story.sign_up("own", None, code=story.anna.code, phone=story.anna.phone)
    story.say.prove(
        own["agent_code"] is None and own["reason"], f"Anna's own phone earns Anna nothing: {own['reason']}"
    )
    nobody = story.sign_up("nobody", None, code="WR0NG")
    story.say.prove(nobody["referral"] is None, f"an unknown code attributes nobody: {nobody['reason']}")
    contested = story.take_place()
    story.boris.post(f"/establishments/{contested['reference']}/booking")
    case = story.sign_up("contested", contested, code=story.anna.code)
    story.say.prove(
        case["case"] and case["agent_code"] == story.boris.code,
        f"Boris's booking against Anna's code: Boris is attributed and case {case['case']} opens by itself",
    )


def the_payment(story: Story) -> None:
    """Payment: through the bank, believed only when the bank says so twice"""
    refused = story.order("cafe", 900_000)
    story.bank.pay(refused["payment_url"], CARD_DECLINED)
    story.bank.misbehave("notify", "bad_token")
    story.bank.misbehave("notify", "duplicate")
    story.pay("cafe", 1_000_000, "first")
    story.say.prove(
        True, "10,000 ₽ were paid with a test card; the bank's notification was followed by GetState"
    )
    commission = story.commission(story.anna, "first")
    everything = story.anna.get("/commissions")["items"]
    story.say.prove(
        len(everything) == 1,
        "badly signed and repeated notifications earned nothing more, nor did the declined card",
        everything,
    )
    forged = httpx.post(
        f"{story.places.url}/webhooks/tbank/payments",
        timeout=30,
        trust_env=False,
        json={
            "TerminalKey": "TinkoffBankTest",
            "OrderId": "none",
            "Success": True,
            "Status": "CONFIRMED",
            "PaymentId": 1,
            "ErrorCode": "0",
            "Amount": 5_000_000,
            "Token": "0" * 64,
        },
    )
    story.say.prove(
        forged.status_code == 403, "a notification that the bank did not sign is answered 403", forged.text
    )
    story.say.prove(
        commission["state"] == "on_hold", f"Anna earned {rubles(commission['net']['amount'])}, on hold"
    )
    for sentence in commission["why"]["sentences"]:
        story.say.tell(f"  “{sentence}”")


def the_tier(story: Story) -> None:
    """Commission: the tier is a fact of the moment"""
    standing = story.anna.get("/standing")["items"][0]
    story.say.prove(
        standing["volume"] == 2,
        f"Anna has 2 connections in 90 days: tier {standing['tier']['name']}",
        standing,
    )
    rate = standing["tier"]["rate_bps"]
    first = story.commission(story.anna, "first")
    story.say.prove(
        first["net"]["amount"] == (1_000_000 * rate + 5_000) // 10_000,
        f"her first commission is {rate / 100:g} % of 10,000 ₽, to the kopeck",
    )
    for name in ("bar", "salon", "bistro"):
        story.sign_up(name, story.take_place(), code=story.anna.code)
    higher = story.anna.get("/standing")["items"][0]
    story.say.prove(higher["tier"]["rate_bps"] > rate, f"three more connections: {higher['tier']['name']}")
    story.pay("bar", 333_333, "second")
    second = story.commission(story.anna, "second")
    story.say.prove(
        second["net"]["amount"] == (333_333 * higher["tier"]["rate_bps"] + 5_000) // 10_000,
        f"a payment now earns {higher['tier']['rate_bps'] / 100:g} %: {rubles(second['net']['amount'])}",
    )
    story.say.prove(
        story.commission(story.anna, "first")["net"] == first["net"], "what was earned before stays as it was"
    )
    story.pay("contested", 400_000, "contested")
    until(lambda: story.boris.balance()["frozen"], "a frozen commission")
    story.say.prove(story.boris.balance()["pending"] == 0, "the contested customer's commission is frozen")


def the_payout(story: Story) -> None:
    """Payout: prepared by one, approved by another, paid once by the bank"""
    story.refund("second", "333.33")
    until(
        lambda: story.commission(story.anna, "second")["net"]["amount"] < 66_667, "the reversal of a refund"
    )
    second = story.commission(story.anna, "second")
    story.say.prove(
        second["net"]["amount"] == 66_667 - 6_667,
        f"a tenth refunded before maturity takes back a tenth: {rubles(second['net']['amount'])} left",
        second,
    )
    story.pass_days(15)
    until(lambda: story.anna.balance()["pending"] == 0, "the maturity of commissions")
    available = story.anna.balance()["available"]
    story.say.prove(available == 210_000, f"after 14 days {rubles(available)} are available", available)
    run = story.pay_out()
    story.say.tell(f"finance prepared {run}.")
    self_approval = story.finance.open(f"/payout-runs/{run}")
    own_form = [form for form in self_approval.forms if form.action.endswith("/approval")]
    if own_form:
        story.finance.submit(self_approval, "/approval")
    story.say.prove(
        "draft" in story.finance.open(f"/payout-runs/{run}").text.casefold(),
        "the one who prepared a run cannot approve it",
    )
    story.bank.misbehave("sbp.Payment", "timeout_after")
    story.approve(run)
    until(
        lambda: story.anna.balance()["in_payout"] == 0 and story.anna.balance()["available"] == 0,
        "the payout",
    )
    payouts = story.anna.get("/payouts")["items"]
    story.say.prove(
        [one["state"] for one in payouts] == ["paid"],
        f"Anna was paid {rubles(payouts[0]['amount']['amount'])}",
        payouts,
    )
    sent = [one for one in story.bank.operations()["payouts"] if one["phone"] == story.anna.phone.lstrip("+")]
    story.say.prove(
        [one["amount"] for one in sent if one["status"] == "COMPLETED"] == [210_000],
        "the bank paid without answering; it was asked, not paid again: one transfer",
        sent,
    )


def the_reversal(story: Story) -> None:
    """Reversal: every refunded kopeck takes its share back, a debt is repaid by the next commission"""
    story.refund("first", "3333,33")
    until(lambda: story.anna.balance()["available"] < 0, "the reversal after payout")
    debt = story.anna.balance()["available"]
    story.say.prove(debt == -50_000, f"a third refunded after the payout leaves a debt: {rubles(debt)}", debt)
    story.refund("first", "6666.67")
    until(lambda: story.anna.balance()["available"] < debt, "the reversal of the rest")
    story.say.prove(
        story.anna.balance()["available"] == -150_000,
        "the rest refunded takes back exactly the rest: 1,500.00 ₽ in all",
        story.anna.balance(),
    )
    story.pay("salon", 1_500_000, "third")
    story.commission(story.anna, "third")
    story.pass_days(15)
    until(lambda: story.anna.balance()["pending"] == 0, "the maturity of the third commission")
    story.say.prove(
        story.anna.balance()["available"] == 150_000,
        "the next commission of 3,000.00 ₽ repays the debt first: 1,500.00 ₽ are left",
        story.anna.balance(),
    )


def the_case(story: Story) -> None:
    """The case: a person decides who brought the customer"""
    page = story.manager.open("/cases?state=open")
    frozen = story.boris.balance()["frozen"]
    reference = story.product.get(f"/sign-ups/{story.customer('contested')}")["case"]
    story.say.prove(reference in page.text, f"{reference} waits for a decision, {rubles(frozen)} are frozen")
    decided = story.manager.open(f"/cases/{reference}")
    story.manager.submit(decided, "/decision", decision="uphold", note="Boris visited the place twice")
    until(lambda: story.boris.balance()["frozen"] == 0, "the release of frozen money")
    until(lambda: story.boris.balance()["available"] == frozen, "its maturity")
    story.say.prove(True, "the manager upheld Boris's booking: his money is free")


def the_owners_books(story: Story) -> None:
    """The owner's books: a chargeback won back, a settlement, and every figure opens"""
    form = story.finance.open("/settlements/new")
    (today,) = form.form("/settlements").values["settled_on"]
    page = story.finance.open(f"/payments/{story.payments['third']}")
    row = {"amount": "100", "registry_number": f"R-{story.run}", "happened_on": today}
    charged = story.finance.submit(page, "/chargebacks", **row)
    form_of_rows = charged.form("/chargebacks")
    form_of_rows.action = form_of_rows.action.replace("/chargebacks", "/chargeback-reversals")
    won = story.finance.submit(charged, "/chargeback-reversals", **row)
    story.say.prove(
        won.text.count(f"R-{story.run}") == 2,
        "finance wrote down that 100.00 ₽ were charged back, and that they were won back",
        won.text[:300],
    )
    typed = {"amount": "1000", "statement_number": f"S-{story.run}"}
    settled = story.finance.submit(form, "/settlements", **typed)
    story.say.prove(
        "/settlements/STL-" in settled.url,
        "finance wrote down 1,000.00 ₽ from the bank's statement",
        settled.text[:300],
    )
    again = story.finance.submit(form, "/settlements", **typed)
    story.say.prove(again.status == 422, "the same number of the statement counts once", again.text[:300])
    balance = story.finance.open("/ledger").tables[0]
    together = balance[-1][-1]
    story.say.prove(together.startswith("0.00"), "all accounts together are zero", balance)


def the_books(story: Story) -> None:
    """The books: the agent's ledger and the trial balance"""
    ledger = story.finance.open(f"/agents/{story.anna.reference}/ledger").tables[0]
    story.say.table(
        "Anna's ledger, newest first", ledger[0], [row for row in ledger[1:] if len(row) == len(ledger[0])]
    )
    balance = story.finance.open("/ledger").tables[0]
    story.say.table("Trial balance", balance[0], [row for row in balance[1:] if len(row) == len(balance[0])])
    log = story.finance.open("/audit?q=payout_run")
    story.say.prove("approved" in log.text.casefold(), "the audit log names who prepared and who approved")


def the_statement(story: Story) -> None:
    """The statement: a month that is over is sealed, and nobody can change it unseen"""
    before = len(story.anna.get("/statements")["items"])
    story.pass_days(LONGEST_REST_OF_A_MONTH)
    until(lambda: len(story.anna.get("/statements")["items"]) > before, "the sealing of a month")
    sealed = story.anna.get(f"/statements/{story.anna.get('/statements')['items'][0]['reference']}")
    for account in sealed["accounts"]:
        story.say.tell(
            f"  {account['account']}: {rubles(account['opening'])} at the beginning, {len(account['lines'])} lines,"
            f" {rubles(account['closing'])} at the end"
        )
    balances = story.anna.balance()
    story.say.prove(
        all(account["closing"] == balances[account["account"]] for account in sealed["accounts"]),
        f"{sealed['reference']} closes with what Anna has",
        balances,
    )
    story.say.prove(
        all(line["why"] for account in sealed["accounts"] for line in account["lines"]),
        "every line says why it is there",
    )
    root = until(
        lambda: story.anna.get(f"/statements/{sealed['reference']}")["root"], "the root over its seal"
    )
    story.say.prove(
        root["number"] >= 1,
        f"its seal {sealed['hash'][:16]}… is in root {root['number']}, which was exported",
    )


CHAPTERS = (
    the_catalogue,
    the_people,
    the_booking,
    the_referral,
    the_payment,
    the_tier,
    the_payout,
    the_reversal,
    the_case,
    the_owners_books,
    the_books,
    the_statement,
    the_dispute,
)
