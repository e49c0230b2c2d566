"""What the documents name is there: commands and their options, settings, files, and figures that add up."""

import re
from decimal import Decimal
from pathlib import Path

import click
import pytest

from erp.cli import ref
from erp.config import Settings
from erp.kernel import money

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
IN_DOCS = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *IN_DOCS]
BESIDE_SETTINGS = {"REF_WALK_STAFF", "REF_WALK_PRODUCT_KEY", "REF_TBANK_PAYOUT_CERTIFICATE"}
"""Read by the walk and by the simulated bank, not by Ref itself."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def code_in(document: Path) -> list[str]:
    """Each line of a code block and each inline piece of code."""
    text = document.read_text()
    blocks = re.findall(r"^```(?:sh|text)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`]+)`", prose)


def links_in(document: Path) -> list[str]:
    """Where its links lead, those to other sites left out."""
    found = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    return [target for target in found if "://" not in target]


@each_document
def test_a_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        match for code in code_in(document) for match in re.findall(r"^make (?:[A-Z]+=\S+ )*([a-z]+)", code)
    }
    assert named <= targets


@each_document
def test_a_ref_command_that_is_named_exists_with_its_options(document: Path) -> None:
    lines = [
        match for code in code_in(document) for match in re.findall(r"^(?:\.venv/bin/)?ref( [^#|]+)", code)
    ]
    wrong = [line for line in lines if not _is_command(line.split())]
    assert wrong == []


def _is_command(words: list[str]) -> bool:
    command: click.Command = ref
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            return False
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in parameter.opts}
    return all(word in known for word in words if word.startswith("--"))


@each_document
def test_a_setting_that_is_named_exists(document: Path) -> None:
    known = {f"REF_{name.upper()}" for name in Settings.model_fields} | BESIDE_SETTINGS
    named = re.findall(r"\bREF_[A-Z_]*[A-Z]\b", document.read_text())
    assert {name for name in named if name not in known} <= {"REF_WALK"}


@each_document
def test_a_link_leads_to_a_file(document: Path) -> None:
    missing = [
        target for target in links_in(document) if not (document.parent / target.partition("#")[0]).exists()
    ]
    assert missing == []


@each_document
def test_a_file_that_is_named_exists(document: Path) -> None:
    named = {
        code
        for code in code_in(document)
        if re.fullmatch(r"(erp|mobile_api|tests|migrations|docs)/[\w./]+", code)
    }
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", IN_DOCS, ids=lambda path: path.name)
def test_the_readme_leads_to_every_document(document: Path) -> None:
    assert f"docs/{document.name}" in links_in(README)


def test_the_readme_tells_every_command() -> None:
    said = "\n".join(code_in(README))
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = ref.list_commands(click.Context(ref))
    assert [name for name in targets if f"make {name}" not in said] == []
    assert [name for name in commands if f"ref {name}" not in said] == []


def test_the_figures_of_commissions_add_up() -> None:
    """Every “payment × rate % = amount” in the text is what Ref would earn."""
    text = (ROOT / "docs" / "commissions.md").read_text()
    said = re.findall(r"([\d,]+\.\d\d) ₽ × (\d+) % = ([\d,]+\.\d\d) ₽", text)
    assert len(said) > 4
    for payment, percent, earned in said:
        assert money.share(_kopecks(payment), int(percent) * 100) == _kopecks(earned)


def _kopecks(roubles: str) -> int:
    return int(Decimal(roubles.replace(",", "")) * 100)


def test_the_parts_of_the_refund_add_up() -> None:
    text = (ROOT / "docs" / "commissions.md").read_text()
    told = re.findall(r"^\| (\d+\.\d\d) \| (\d\.\d\d) \| −(\d\.\d\d) \|$", text, re.MULTILINE)
    refunds = [tuple(map(_kopecks, row)) for row in told]
    paid, earned = refunds[-1][:2]
    assert [back for _, back, _ in refunds] == [money.ratio(earned, total, paid) for total, _, _ in refunds]
    assert sum(reversal for *_, reversal in refunds) == earned


def test_the_ledger_of_the_example_adds_up() -> None:
    """Each amount moves between the accounts it names, and the balances beside it follow."""
    text = (ROOT / "docs" / "ledger.md").read_text()
    rows = re.findall(r"^\| \d+ \| [^|]+ \| ([\w ]+) → ([\w ]+) \|((?: [−\d.,]+ \|){4})$", text, re.MULTILINE)
    balances = {"pending": 0, "available": 0, "in payout": 0}
    assert len(rows) == 11
    for debit, credit, figures in rows:
        amount, *after = (_kopecks(figure.strip().replace("−", "-")) for figure in figures.split("|")[:-1])
        moved = {debit: -amount, credit: amount}
        balances = {account: balance + moved.get(account, 0) for account, balance in balances.items()}
        assert list(balances.values()) == after


def test_the_trial_balance_of_the_example_adds_up() -> None:
    text = (ROOT / "docs" / "ledger.md").read_text()
    rows = re.findall(r"^\| ([a-z ]+) \|((?: [−\d.,]+ \|){3})$", text, re.MULTILINE)
    figures = [
        [_kopecks(figure.strip().replace("−", "-")) for figure in row.split("|")[:-1]] for _, row in rows
    ]
    assert [credit - debit for debit, credit, _ in figures] == [balance for *_, balance in figures]
    assert [sum(column) for column in zip(*figures[:-1], strict=True)] == figures[-1]
