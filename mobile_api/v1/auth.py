"""How an agent signs in: a code to the phone, then tokens. Signing in for the first time registers the agent."""

from __future__ import annotations

from flask import Response, g
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from erp.domain import agents
from erp.kernel import clock
from erp.kernel.permissions import for_agent, public
from erp.kernel.transaction import transaction
from erp.language import asked_language
from mobile_api.answers import answer, nothing
from mobile_api.nouns import noun
from mobile_api.schemas import Moment, Shown, Text, example

api = noun("auth", "Signing in by phone and one-time code, and staying signed in", security=None)
session = noun("session", "The session that an access token belongs to")


class CodeRequest(BaseModel):
    model_config = example({"phone": "+7 901 234-56-78"})

    phone: Text = Field(description="In any usual spelling, with the country code")


class SignIn(BaseModel):
    model_config = example({"phone": "+79012345678", "code": "123456", "name": "Ivan Ivanov"})

    phone: Text
    code: Text = Field(description="The six digits of the newest message")
    name: Text | SkipJsonSchema[None] = Field(None, description="Of a new agent; otherwise ignored")


class Refresh(BaseModel):
    refresh_token: Text


class Session(Shown):
    """A pair of tokens. They are shown this once; a refresh token is good for one use."""

    model_config = example(
        {
            "access_token": "refa_…",
            "access_expires_at": "2026-11-22T04:45:00Z",
            "refresh_token": "refr_…",
            "refresh_expires_at": "2026-12-22T04:30:00Z",
            "registered": False,
        }
    )

    access_token: str
    access_expires_at: Moment
    refresh_token: str
    refresh_expires_at: Moment
    registered: bool = Field(description="Whether this sign-in made the agent")


@api.post("/auth/codes", responses={204: None})
@public("somebody who signs in is not known yet")
def request_code(body: CodeRequest) -> Response:
    """Send a one-time code to a phone.

    Known and unknown phones are answered alike. The text is in the agent's language, or as `Accept-Language` asks.
    """
    with transaction():
        agents.request_code(body.phone, language=asked_language(), now=clock.now())
    return nothing()


@api.post("/auth/sessions", responses={201: Session, 401: None, 403: None})
@public("somebody who signs in is not known yet")
def sign_in(body: SignIn) -> Response:
    """Exchange the code for tokens; the first time it registers the agent."""
    with transaction():
        session = agents.sign_in(body.phone, body.code, name=body.name, now=clock.now())
    return answer(Session.model_validate(session), 201)


@api.post("/auth/refresh", responses={201: Session, 401: None})
@public("the refresh token says who it is")
def refresh_session(body: Refresh) -> Response:
    """Exchange a refresh token for the next pair.

    A refresh token that is used twice ends the session: one of its two holders is a thief.
    """
    with transaction():
        session = agents.refresh(body.refresh_token, now=clock.now())
    return answer(Session.model_validate(session), 201)


@session.delete("/auth/session", responses={204: None})
@for_agent
def sign_out() -> Response:
    """End this session: its access and refresh tokens stop working."""
    with transaction():
        agents.sign_out(g.agent.session_id, now=clock.now())
    return nothing()
