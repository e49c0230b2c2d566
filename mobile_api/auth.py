"""Who is calling the API: an agent by access token, the owner's product by API key."""

from __future__ import annotations

from flask import g, request

from erp.domain import agents, integrations
from erp.kernel import clock
from erp.kernel.actor import Actor
from erp.kernel.errors import Unauthenticated
from erp.kernel.sentences import Sentence
from erp.language import read_by


def admit_agent() -> None:
    """Let the agent of the access token in as `g.agent`. Raises `Unauthenticated`."""
    g.agent = agents.agent_of(_bearer(), now=clock.now())
    read_by(g.agent)
    g.actor = Actor.agent(g.agent.id)


def admit_product() -> None:
    """Let the owner's product in as `g.product`. Raises `Unauthenticated`."""
    g.product = integrations.key_of(_bearer())
    g.actor = Actor.product(g.product.id)


def _bearer() -> str:
    credentials = request.authorization
    if credentials is None or credentials.type != "bearer" or not credentials.token:
        raise Unauthenticated(
            Sentence("Send your access token or API key in the header `Authorization: Bearer …`.")
        )
    return credentials.token
