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
from erp.domain.statements.roots import PUBLIC_KEY, key_id, load_public_key, written
from erp.domain.statements.rules import Account, Document, Line, last_day
from erp.domain.statements.words import explained

__all__ = [
    "PUBLIC_KEY",
    "Account",
    "Document",
    "Line",
    "as_csv",
    "as_json",
    "document",
    "explained",
    "export_roots",
    "find",
    "key_id",
    "last_day",
    "load_public_key",
    "of_agent",
    "preview",
    "root_file",
    "seal",
    "sealing",
    "search",
    "search_roots",
    "sign_root",
    "written",
]
