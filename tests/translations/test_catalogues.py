"""Every text of the code is in every catalogue, translated, with the same places and the right plural forms."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from babel.support import Translations

import erp.app  # noqa: F401  # with it every refusal is known
from erp.kernel.errors import DomainError
from erp.language import DEFAULT, LANGUAGES
from erp.problem_titles import TITLES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "erp" / "translations"
PLACE = re.compile(r"%\((\w+)\)([a-z])")
LATIN = "ABCEHKMOPTXYaceopxy"
LOOK_ALIKE = re.compile(rf"(?<=[а-яёА-ЯЁ])[{LATIN}]|[{LATIN}](?=[а-яёА-ЯЁ])")
HOW = "run `make messages`, then translate what is empty in {}"


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name if path.suffix == ".po" else None)


@pytest.fixture(scope="module")
def in_code(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make messages` would gather now."""
    pot = tmp_path_factory.mktemp("texts") / "messages.pot"
    subprocess.run(["make", "--silent", str(pot)], cwd=ROOT, check=True)
    return catalogue(pot)


each_language = pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {DEFAULT}))


def of(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def texts(messages: Catalog) -> dict[tuple[object, str | None], Message]:
    return {(message.id, message.context): message for message in messages if message.id}


@each_language
def test_the_catalogue_holds_the_texts_of_the_code_and_no_others(in_code: Catalog, language: str) -> None:
    now, known = texts(in_code).keys(), texts(catalogue(of(language))).keys()
    assert now - known == set(), HOW.format(of(language))
    assert known - now == set(), "gone from the code: run `make messages`"


@each_language
def test_every_text_is_translated(language: str) -> None:
    empty = [
        message.id
        for message in texts(catalogue(of(language))).values()
        if message.fuzzy or not all(message.string if message.pluralizable else [message.string])
    ]
    assert empty == [], HOW.format(of(language))


@each_language
def test_a_translation_has_a_form_for_every_number(language: str) -> None:
    messages = catalogue(of(language))
    wrong = [
        message.id
        for message in texts(messages).values()
        if message.pluralizable and len(message.string) != messages.num_plurals
    ]
    assert wrong == []


@each_language
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    for message in texts(catalogue(of(language))).values():
        ids = message.id if message.pluralizable else (message.id,)
        strings = message.string if message.pluralizable else (message.string,)
        allowed = {frozenset(PLACE.findall(text)) for text in ids}
        for string in strings:
            assert frozenset(PLACE.findall(string)) in allowed, f"{message.id!r} and {string!r} differ"
            assert not PLACE.findall(string) or not re.search(r"%(?![(%])", string), f"a bare % in {string!r}"


def test_russian_is_set_as_russian_is() -> None:
    """No Latin letter inside a Russian word, no straight quotes, no dash that may begin a line."""
    for message in texts(catalogue(of("ru"))).values():
        for string in message.string if message.pluralizable else (message.string,):
            assert not LOOK_ALIKE.search(string), f"a Latin letter in {string!r}"
            assert '"' not in string, f"«ёлочки» are wanted in {string!r}"
            assert " —" not in string, f"a no-break space is wanted before the dash in {string!r}"
            assert " - " not in string, f"a dash is wanted in {string!r}"
            assert "..." not in string, f"… is wanted in {string!r}"


@each_language
def test_the_compiled_catalogue_is_of_this_code(language: str) -> None:
    with of(language).with_suffix(".mo").open("rb") as file:
        compiled = Translations(file)
    known = texts(catalogue(of(language))).values()
    stale = [message.id for message in known if not _says(compiled, message)]
    assert stale == [], "run `make setup`"


def _says(compiled: Translations, message: Message) -> bool:
    if message.pluralizable:
        return {compiled.ngettext(*message.id, number) for number in range(101)} == set(message.string)
    if message.context:
        return bool(compiled.pgettext(message.context, message.id) == message.string)
    return bool(compiled.gettext(message.id) == message.string)


def test_every_refusal_has_its_title() -> None:
    def below(kind: type[DomainError]) -> set[type[DomainError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    codes = {kind.code for kind in below(DomainError) if kind.__module__.startswith(("erp.", "mobile_api."))}
    assert codes - TITLES.keys() == set(), "name them in erp/problem_titles.py"


def test_scripts_say_nothing_of_their_own() -> None:
    """What `erp.js` and its neighbours show stands in `data-` attributes, where templates have translated it."""
    said = re.compile(r"""["'`][A-Z][a-z]+ [a-z]""")
    scripts = sorted((ROOT / "erp/assets/src").glob("*.js"))
    assert scripts
    assert [script.name for script in scripts if said.search(script.read_text())] == []
