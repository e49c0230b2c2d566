"""Who did it: every verb is told, nothing is guessed from a global."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """A member of staff, an agent, the owner's product (by API key), or a part of the system itself."""

    kind: Literal["staff", "agent", "product", "system"]
    id: str

    @classmethod
    def staff(cls, id: UUID) -> Actor:
        return cls("staff", str(id))

    @classmethod
    def agent(cls, id: UUID) -> Actor:
        return cls("agent", str(id))

    @classmethod
    def product(cls, id: UUID) -> Actor:
        return cls("product", str(id))

    @classmethod
    def system(cls, name: str) -> Actor:
        return cls("system", name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"
