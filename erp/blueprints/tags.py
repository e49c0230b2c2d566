"""Kinds and cuisines of places in words. Lists name them by OpenStreetMap's tags; any other is shown as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from erp.language import locale

TAGS: dict[str, LazyString] = {
    # kinds
    "bakery": _("bakery"),
    "bar": _("bar"),
    "beauty": _("beauty salon"),
    "beverages": _("drinks shop"),
    "cafe": _("cafe"),
    "confectionery": _("sweets shop"),
    "fast_food": _("fast food"),
    "florist": _("florist"),
    "food_court": _("food court"),
    "hairdresser": _("hairdresser"),
    "ice_cream": _("ice cream"),
    "massage": _("massage"),
    "nightclub": _("nightclub"),
    "pub": _("pub"),
    "restaurant": _("restaurant"),
    "tattoo": _("tattoo studio"),
    "tea": _("tea"),
    # cuisines
    "african": _("African"),
    "american": _("American"),
    "asian": _("Asian"),
    "australian": _("Australian"),
    "bagel": _("bagels"),
    "burger": _("burgers"),
    "cake": _("cakes"),
    "chinese": _("Chinese"),
    "coffee_shop": _("coffee"),
    "fine_dining": _("fine dining"),
    "finnish": _("Finnish"),
    "fish": _("fish"),
    "french": _("French"),
    "georgian": _("Georgian"),
    "german": _("German"),
    "greek": _("Greek"),
    "grill": _("grill"),
    "hotdog": _("hot dogs"),
    "indian": _("Indian"),
    "italian": _("Italian"),
    "japanese": _("Japanese"),
    "juice": _("juice"),
    "kebab": _("kebab"),
    "lebanese": _("Lebanese"),
    "mediterranean": _("Mediterranean"),
    "mexican": _("Mexican"),
    "middle_eastern": _("Middle Eastern"),
    "nepalese": _("Nepalese"),
    "noodle": _("noodles"),
    "nordic": _("Nordic"),
    "pizza": _("pizza"),
    "regional": _("regional"),
    "russian": _("Russian"),
    "salad": _("salads"),
    "sandwich": _("sandwiches"),
    "scandinavian": _("Scandinavian"),
    "spanish": _("Spanish"),
    "steak": _("steaks"),
    "steak_house": _("steaks"),
    "sushi": _("sushi"),
    "tex-mex": _("Tex-Mex"),
    "thai": _("Thai"),
    "vegan": _("vegan"),
    "vegetarian": _("vegetarian"),
    "vietnamese": _("Vietnamese"),
}


def format_tag(tags: str | None) -> str:
    """ "fast_food" as "fast food", "grill;burger" as "grill, burgers"."""
    return _names(tags, locale().language) if tags else ""


def in_words(tags: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each tag with its words."""
    return _in_words(tuple(tags), locale().language)


@lru_cache(maxsize=64)
def _in_words(tags: tuple[str, ...], language: str) -> tuple[tuple[str, str], ...]:
    return tuple([(tag, _names(tag, language)) for tag in tags])


def tags_named() -> Callable[[str | None], str]:
    """The same for many of them: the reader's language is asked once."""
    language = locale().language
    return lambda tags: _names(tags, language) if tags else ""


@lru_cache(maxsize=4096)
def _names(tags: str, _language: str) -> str:
    return ", ".join(_name(tag.strip()) for tag in tags.split(";") if tag.strip())


def _name(tag: str) -> str:
    known = TAGS.get(tag.lower().replace(" ", "_"))
    return str(known) if known else tag.replace("_", " ")
