"""What can be done to many rows of a list at once, declared beside the list."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel.speaklater import LazyString

from erp.kernel.permissions import Permission


@dataclass(frozen=True)
class BulkAction:
    """A deed of a list: `verb` is the dotted name of a verb of the domain, which takes the row's `subject`.

    `says` tells what will happen; `asks` is a value that the verb needs: (its name, the question). `undo` names the
    action of the same list that takes it back. `leads_to` is a page that does one deed for all of them together: it is
    given what was `chosen`, and shows by itself what would change.
    """

    name: str
    label: LazyString
    verb: str
    permission: Permission
    says: LazyString
    icon: str
    kind: str = ""
    subject: str = "id"
    asks: tuple[str, LazyString] | None = None
    undo: str = ""
    leads_to: str = ""
