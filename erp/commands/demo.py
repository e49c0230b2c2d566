"""`ref demo`: a mock instance to look at: people, places, programmes, and a year in which all of them were busy."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from erp import config, history
from erp.base import create_base
from erp.commands import import_establishments
from erp.domain import backtests, integrations, programmes, staff
from erp.domain.programmes import RuleRow, TermsDraft, TierRow
from erp.history import Crew, Plan, Scene, Stage
from erp.jobs import backtests as replaying
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import release, transaction

BY = Actor.system("ref demo")
PROGRAMME = "superapp"
CATALOGUE = Path(__file__).resolve().parents[2] / "demo" / "helsinki_osm_establishments.csv"
PEOPLE = {
    "olga@ref.example": ("Olga Vlasova", [Role.ADMIN]),
    "marina@ref.example": ("Marina Krylova", [Role.MANAGER]),
    "fedor@ref.example": ("Fedor Belov", [Role.FINANCE]),
    "filipp@ref.example": ("Filipp Orlov", [Role.FINANCE]),
    "sofia@ref.example": ("Sofia Rein", [Role.SUPPORT]),
    "andrei@ref.example": ("Andrei Zimin", [Role.AUDITOR]),
}
TIERS = [TierRow("Bronze", 0, 1000), TierRow("Silver", 2, 1500), TierRow("Gold", 5, 2000)]
TERMS = TermsDraft(
    TIERS,
    [RuleRow(monthly_cap=10_000_000)],
    window_days=90,
    hold_days=14,
    click_window_days=30,
    minimum_payout=10_000,
)
BEFOREHAND = dt.timedelta(weeks=13)
"""How long before the history the ground is laid: time for a walk, which lets 76 days pass."""
MOST_STAFF = 100
IN_THE_MORNING = dt.timedelta(hours=7)
HASTE = "-c synchronous_commit=off"
"""Our commits do not wait for the disk: a demo whose machine crashed is laid down anew."""
CONSOLE = Console(width=120)


@click.command()
@click.option(
    "--ground", is_flag=True, help="People, places, a programme and a key; history comes next time."
)
@click.option("--seed", default=1, show_default=True, help="Equal seeds make equal ledgers.")
@click.option("--agents", default=200, show_default=True, type=click.IntRange(10, 500))
@click.option(
    "--weeks", default=52, show_default=True, type=click.IntRange(2, 260), help="How long it lasts."
)
def command(ground: bool, seed: int, agents: int, weeks: int) -> None:
    """Lay the demo down if the database is empty, play a year of it, and say who may sign in."""
    settings = config.get()
    if settings.mode == "live":
        raise click.UsageError("The demo is for mock instances; this one is live.")
    os.environ.setdefault("PGOPTIONS", HASTE)
    note = settings.var / "demo.json"
    plan = Plan(seed, dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0), weeks, agents)
    with create_base().app_context():
        empty = scalar("select count(*) from programme") == 0
        if empty:
            begin_in_the_past(plan)
            lay_down(note)
    if empty:
        import_catalogue()
    if not ground:
        with create_base().app_context():
            play_history(plan, settings)
    _tell(note)


def begin_in_the_past(plan: Plan) -> None:
    """The clock of a database in which nothing has happened yet goes to the time before the history."""
    try:
        with transaction():
            clock.start(plan.start - BEFOREHAND + IN_THE_MORNING, by=BY)
    except clock.ClockHasRun as refusal:
        CONSOLE.print(f"{refusal} There will be no history.", highlight=False)


def lay_down(note: Path) -> None:
    """Staff with made-up passwords, the programme SuperApp with three tiers, and the product's key, noted in `note`."""
    now = clock.now()
    passwords = {email: secrets.token_urlsafe(9) for email in PEOPLE}
    with transaction():
        for email, (name, roles) in PEOPLE.items():
            staff.add(email, name, passwords[email], roles, by=BY, now=now)
        programme_id = programmes.create(PROGRAMME, "SuperApp", "RUB", "Europe/Moscow", by=BY, now=now)
        terms_id = programmes.draft(programme_id, TERMS, note="First terms", by=BY, now=now)
        programmes.activate(terms_id, by=BY, now=now)
        _, product_key = integrations.issue_key("SuperApp", by=BY, now=now)
    staff_logins = [
        {"email": email, "password": passwords[email], "roles": [role.value for role in roles]}
        for email, (_, roles) in PEOPLE.items()
    ]
    note.write_text(json.dumps({"staff": staff_logins, "product_key": product_key}, indent=1))
    note.chmod(0o600)


def import_catalogue() -> None:
    import_establishments.command.main([str(CATALOGUE)], standalone_mode=False)


def stage(settings: config.Settings) -> Stage:
    """The stage of a history on the ground that was laid."""
    programme_id = programmes.active_terms(PROGRAMME, clock.now()).programme_id
    found = Stage(settings, crew(), {PROGRAMME: programme_id})
    release()
    return found


def play_history(plan: Plan, settings: config.Settings) -> None:
    """Play the year, month by month, unless the clock has passed its beginning; then the clock goes to real time."""
    if clock.now() > plan.start:
        _tell_why_not(settings)
        return
    try:
        _show(history.perform(plan, history.catalogue_of(CATALOGUE), stage(settings)), plan)
    except history.TheBankIsAway as away:
        raise NoBank(
            f"The ground is laid, but the simulated bank does not answer ({away}). Start Ref with"
            " `make run` and call `ref demo` once more."
        ) from None
    with transaction():
        clock.move(dt.datetime.now(dt.UTC), by=BY)
    replay_the_proposal()


def replay_the_proposal() -> None:
    """Keep a back-test of the two newest versions, one of which is the draft for next year."""
    programme_id = programmes.active_terms(PROGRAMME, clock.now()).programme_id
    newest = [terms.version for terms in programmes.versions(programme_id)][:2]
    by = crew().manager
    note = "What would the proposal have cost?"
    with suppress(backtests.NothingToReplay):  # a history of days may know of no referral
        with transaction():
            reference = backtests.ask(programme_id, newest, note=note, by=by, now=clock.now())
        replaying.run([str(backtests.find(reference).id)])


class NoBank(click.ClickException):
    exit_code = 3


def _tell_why_not(settings: config.Settings) -> None:
    behind = dt.datetime.now(dt.UTC) - clock.now()
    if behind > dt.timedelta(days=1):
        CONSOLE.print(
            f"A history ended early here, {behind.days} days ago on the mock clock. For a whole one, stop Ref,"
            f" remove {settings.var} and begin again.",
            highlight=False,
        )


def crew() -> Crew:
    """The people of the demo who act in its history."""
    found = {person.email: Actor.staff(person.id) for person in staff.search(active=True).first(MOST_STAFF)}
    marina, fedor, filipp, sofia = (
        found[f"{name}@ref.example"] for name in ("marina", "fedor", "filipp", "sofia")
    )
    return Crew(marina, sofia, (fedor, filipp), Actor.product(integrations.keys()[-1].id))


SHOWN = {
    "Register": "joined",
    "Book": "booked",
    "SignUp": "signed up",
    "Pay": "paid",
    "Refund": "refunded",
    "Decide": "cases decided",
    "Approve": "payout runs",
}


def _show(scenes: Iterable[Scene], plan: Plan) -> None:
    """A bar for the whole, a line for each month that is over."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    done: Counter[str] = Counter()
    with Progress(*columns, console=CONSOLE) as progress:
        task = progress.add_task("", total=(plan.until - plan.start).total_seconds())
        month = plan.start
        for scene in scenes:
            if scene.ends.month != month.month:
                _tell_month(progress.console, month, done)
                month = scene.ends
            done.update(type(deed).__name__ for deed in scene.deeds)
            completed = (scene.ends - plan.start).total_seconds()
            progress.update(task, completed=completed, description=f"{scene.ends:%e %B %Y}")
        _tell_month(progress.console, month, done)


def _tell_month(console: Console, month: dt.datetime, done: Counter[str]) -> None:
    told = ", ".join(f"{what} {done[kind]}" for kind, what in SHOWN.items() if done[kind])
    console.print(f"{month:%B %Y}: {told or 'nothing yet'}", highlight=False)
    done.clear()


def _tell(note: Path) -> None:
    if not note.exists():
        click.echo("The database is not empty, so nothing was laid down.")
        return
    click.echo("Who may sign in to RefERP:")
    for login in json.loads(note.read_text())["staff"]:
        click.echo(f"  {', '.join(login['roles']):<8} {login['email']:<20} {login['password']}")
