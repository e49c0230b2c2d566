"""Who is calling the API: an agent by access token, the owner's product by API key."""

from __future__ import annotations

from erp.kernel.errors import Unauthenticated


def admit_agent() -> None:
    raise Unauthenticated


def admit_product() -> None:
    raise Unauthenticated
