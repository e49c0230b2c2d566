"""`ref statement verify`: proves offline that an exported statement is what was sealed. Exit 1 says what does not agree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from erp.domain.statements import files, roots, verify
from erp.domain.statements.rules import Document

READABLE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def command() -> None:
    """Verify an exported statement."""


@command.command("verify")
@click.argument("file", type=READABLE)
@click.option(
    "--roots",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of exported roots; REF_VAR/roots when not given.",
)
@click.option(
    "--public-key",
    type=READABLE,
    help="PEM file of the key that verifies roots; the one beside them when not given.",
)
def verify_command(file: Path, folder: Path | None, public_key: Path | None) -> None:
    """Prove that FILE (JSON or CSV) is the statement that was sealed, from exported roots and the public key alone."""
    folder = folder or Path(os.environ.get("REF_VAR", "var")) / "roots"
    document = _read(file)
    try:
        key = roots.load_public_key(public_key or folder / roots.PUBLIC_KEY)
    except roots.Unreadable as problem:
        raise click.UsageError(str(problem)) from None
    exported, unreadable = roots.read_folder(folder)
    found = [*unreadable, *verify.problems(document, exported, key)]
    for disagreement in found:
        click.echo(disagreement)
    if found:
        sys.exit(1)
    accounts = ", ".join(
        f"{account.kind} {account.currency} {account.closing}" for account in document.accounts
    )
    click.echo(
        f"{document.statement} of {document.agent} is as it was sealed: {document.lines} lines, closing in minor units"
        f" {accounts}; its seal is in root {document.root.number if document.root else ''} of {len(exported)}, signed by"
        f" key {roots.key_id(key)}."
    )


def _read(file: Path) -> Document:
    read = files.READERS.get(file.suffix.lower())
    if read is None:
        raise click.UsageError(f"{file.name}: a statement is verified as {' or '.join(files.READERS)}.")
    try:
        return read(file.read_text())
    except (files.NotAStatement, UnicodeDecodeError) as problem:
        raise click.UsageError(f"{file.name} is no statement: {problem}") from None
