"""The places there are, as the demo catalogue lists them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

TERRACES = ("restaurant", "cafe", "bar", "pub")
BEAUTY = ("hairdresser", "beauty", "massage", "tattoo")


@dataclass(frozen=True)
class Place:
    """`key` is its id in the list that the catalogue was imported from."""

    key: str
    name: str
    kind: str


def catalogue_of(file: Path) -> list[Place]:
    """The places of a list from OpenStreetMap, in the order of the file."""
    with file.open(encoding="utf-8", newline="") as rows:
        return [
            Place(row["osm_id"], row["name"], row["amenity"] or row["shop"] or "")
            for row in csv.DictReader(rows)
            if row["name"]
        ]


class Pool:
    """The places that are nobody's at the moment."""

    def __init__(self, rng: Random, places: Iterable[Place]):
        self._rng = rng
        self._free = list(places)

    def take(self) -> Place | None:
        """One of them, which is somebody's from now on."""
        if not self._free:
            return None
        at = self._rng.randrange(len(self._free))
        self._free[at], self._free[-1] = self._free[-1], self._free[at]
        return self._free.pop()

    def give_back(self, place: Place) -> None:
        self._free.append(place)
