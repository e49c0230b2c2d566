"""Catalogue: establishments that may become customers, and the real places (claim groups) behind them."""

from erp.domain.catalogue.actions import BATCH, hold_place, import_establishments, mark_connected
from erp.domain.catalogue.queries import (
    cities,
    claim_group_of,
    count,
    find,
    find_by_source,
    kinds,
    literal,
    matching,
    same_place,
)
from erp.domain.catalogue.rules import COLUMNS, Imported, Problem, Row, fold
from erp.domain.catalogue.table_file import BadFile, TableFile

__all__ = [
    "BATCH",
    "COLUMNS",
    "BadFile",
    "Imported",
    "Problem",
    "Row",
    "TableFile",
    "cities",
    "claim_group_of",
    "count",
    "find",
    "find_by_source",
    "fold",
    "hold_place",
    "import_establishments",
    "kinds",
    "literal",
    "mark_connected",
    "matching",
    "same_place",
]
