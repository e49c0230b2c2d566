"""What somebody meant who typed into the search: a reference, a code, or words; with a slip, in another script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from erp.domain.catalogue import fold
from erp.kernel.ids import ALPHABET

PREFIXES = (
    "AGT", "BKG", "BKT", "CASE", "CUS", "DSP", "EST", "ORD", "PAY", "PO", "PRG", "REF", "REV", "RUN", "STF", "STM"
)  # fmt: skip
LENGTH = 8
"""Signs of a reference after its prefix."""
SHORTEST = 3
"""Signs after which the beginning of a reference is looked for."""
MOST_WORDS = 6

SEPARATORS = re.compile(r"[\s\-–—_#№]+")
TO_LATIN = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
"""Cyrillic letters that look like Latin ones."""
TO_DIGITS = str.maketrans("OIL", "011")
"""Letters that the alphabet of references lacks, and the digits they are mistaken for."""

CYRILLIC = "абвгдезийклмнопрстуфхцыэ"
LATIN = "abvgdeziyklmnoprstufhcye"
SPELT = {"ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya", "ъ": "", "ь": ""}
TO_LATIN_SOUND = str.maketrans({**dict(zip(CYRILLIC, LATIN, strict=True)), **SPELT})
TO_CYRILLIC_SOUND = sorted(
    ((latin, letter) for letter, latin in SPELT.items() if latin), key=lambda it: -len(it[0])
)
TO_CYRILLIC_LETTER = str.maketrans(
    {**dict(zip(LATIN, CYRILLIC, strict=True)), "e": "е", "y": "и", "j": "й", "w": "в", "x": "кс", "q": "к"}
)
KEYS_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
KEYS_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбю"
OTHER_KEYS = str.maketrans(KEYS_LATIN + KEYS_CYRILLIC, KEYS_CYRILLIC + KEYS_LATIN)
"""What the same keys write when the keyboard is switched to the other alphabet."""


@dataclass(frozen=True)
class Likely:
    """References that may be meant: `exact` itself, those from `first` to `last` (its continuations), those one slip
    away. Empty texts and lists match nothing."""

    exact: str = ""
    first: str = ""
    last: str = ""
    near: tuple[str, ...] = ()


def likely(text: str, prefix: str) -> Likely:
    """The references with `prefix` (`AGT`) that somebody may mean by `agt 7k3m9qxd`, `7K3M9QXD` or `AGT-7K3`."""
    body, named = _body(text, prefix)
    if not SHORTEST <= len(body) <= LENGTH + 1 or not set(body) <= set(ALPHABET):
        return Likely()
    if not named and not re.search(r"\d", text):
        return Likely()  # a word of a name
    exact = f"{prefix}-{body}" if len(body) == LENGTH else ""
    return Likely(
        exact=exact,
        first=f"{prefix}-{body.ljust(LENGTH, '0')}" if len(body) < LENGTH else exact,
        last=f"{prefix}-{body.ljust(LENGTH, 'Z')}" if len(body) < LENGTH else exact,
        near=tuple(f"{prefix}-{slip}" for slip in slips(body) if len(slip) == LENGTH),
    )


def _body(text: str, prefix: str) -> tuple[str, bool]:
    """The signs after the prefix, and whether the prefix was typed. Another noun's prefix leaves nothing."""
    typed = SEPARATORS.sub("", text.upper().translate(TO_LATIN))
    known = [name for name in PREFIXES if typed.startswith(name) and len(typed) >= len(name) + SHORTEST]
    if known and prefix not in known:
        return "", False
    if known:
        return typed.removeprefix(prefix).translate(TO_DIGITS), True
    return typed.translate(TO_DIGITS), False


def slips(text: str) -> set[str]:
    """All that differs from `text` by one slip: a sign too many, too few, a wrong one, or two that changed places."""
    cuts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
    fewer = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    wrong = {head + sign + tail[1:] for head, tail in cuts if tail for sign in ALPHABET}
    more = {head + sign + tail for head, tail in cuts for sign in ALPHABET}
    return (fewer | swapped | wrong | more) - {text}


class Word(NamedTuple):
    """A word of a name as it may be written: as it was typed and as it sounds in the other script (`spelt`, where a
    slip is forgiven), and as the other keyboard would have written it."""

    spelt: list[str]
    other_keys: list[str]


def words(text: str) -> list[Word]:
    """The words of a name that somebody looks for."""
    return [_word(word) for word in text.split()[:MOST_WORDS]]


def _word(text: str) -> Word:
    typed, switched = fold(text), fold(text.casefold().translate(OTHER_KEYS))
    spelt = list(dict.fromkeys([typed, *_heard(typed)]))
    return Word(spelt, [text for text in dict.fromkeys([switched, *_heard(switched)]) if text not in spelt])


def _heard(folded: str) -> list[str]:
    if re.search(r"[а-я]", folded):
        latin = folded.translate(TO_LATIN_SOUND)
        return [latin, latin.replace("k", "c")]
    for latin, letter in TO_CYRILLIC_SOUND:
        folded = folded.replace(latin, letter)
    return [folded.translate(TO_CYRILLIC_LETTER)]
