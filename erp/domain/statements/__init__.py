"""A statement is an agent's period in the ledger, sealed; its seal is in a root that left the database."""

from erp.domain.statements.actions import export_roots, seal, sealing, sign_root
from erp.domain.statements.files import as_csv, as_json
from erp.domain.statements.queries import (
    document,
    find,
    of_agent,
    preview,
    root_file,
    search,
    search_roots,
)
from erp.domain.statements.rules import Account, Document, Line
from erp.domain.statements.words import explained

__all__ = [
    "Account",
    "Document",
    "Line",
    "as_csv",
    "as_json",
    "document",
    "explained",
    "export_roots",
    "find",
    "of_agent",
    "preview",
    "root_file",
    "seal",
    "sealing",
    "search",
    "search_roots",
    "sign_root",
]
