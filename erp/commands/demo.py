"""`ref demo`: what a new mock instance needs to be looked at: people, places, a programme, a key."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from erp import config
from erp.app import create_app
from erp.commands import import_establishments
from erp.domain import integrations, programmes, staff
from erp.domain.programmes import Limits, TierRow
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.db import scalar
from erp.kernel.permissions import Role
from erp.kernel.transaction import transaction

BY = Actor.system("ref demo")
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
LIMITS = Limits(
    window_days=90, hold_days=14, click_window_days=30, minimum_payout=10_000, monthly_cap=10_000_000
)


@click.command()
def command() -> None:
    """Lay down the demo if the database is empty, and say who may sign in."""
    settings = config.get()
    if settings.mode == "live":
        raise click.UsageError("The demo is for mock instances; this one is live.")
    note = settings.var / "demo.json"
    with create_app().app_context():
        empty = scalar("select count(*) from programme") == 0
        if empty:
            lay_down(note)
    if empty:
        import_establishments.command.main([str(CATALOGUE)], standalone_mode=False)
    _tell(note)


def lay_down(note: Path) -> None:
    """Staff with made-up passwords, the programme SuperApp with three tiers, and the product's key, noted in `note`."""
    now = clock.now()
    passwords = {email: secrets.token_urlsafe(9) for email in PEOPLE}
    with transaction():
        for email, (name, roles) in PEOPLE.items():
            staff.add(email, name, passwords[email], roles, by=BY, now=now)
        programme_id = programmes.create("superapp", "SuperApp", "RUB", "Europe/Moscow", by=BY, now=now)
        terms_id = programmes.draft(programme_id, TIERS, LIMITS, note="First terms", by=BY, now=now)
        programmes.activate(terms_id, by=BY, now=now)
        _, product_key = integrations.issue_key("SuperApp", by=BY, now=now)
    staff_logins = [
        {"email": email, "password": passwords[email], "roles": [role.value for role in roles]}
        for email, (_, roles) in PEOPLE.items()
    ]
    note.write_text(json.dumps({"staff": staff_logins, "product_key": product_key}, indent=1))
    note.chmod(0o600)


def _tell(note: Path) -> None:
    if not note.exists():
        click.echo("The database is not empty, so nothing was laid down.")
        return
    click.echo("Who may sign in to RefERP:")
    for login in json.loads(note.read_text())["staff"]:
        click.echo(f"  {', '.join(login['roles']):<8} {login['email']:<20} {login['password']}")
