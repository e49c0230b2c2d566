"""Types that every noun uses: money, moments, references, and text that the database can hold."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

LARGEST_AMOUNT = 10**12


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise PydanticCustomError("control_characters", "Control characters cannot be accepted")
    return text


def printable_lines(text: str) -> str:
    """The same for what is written in several lines."""
    _printable(text.replace("\n", "").replace("\r", "").replace("\t", ""))
    return text


def _in_utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise PydanticCustomError("no_such_moment", "No such moment in UTC") from None


def _rfc3339(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    Field(json_schema_extra={"format": "date-time", "examples": ["2026-11-22T04:30:00Z"]}),
]
Day = Annotated[dt.date, Field(ge=dt.date(1970, 1, 1), lt=dt.date(3000, 1, 1), examples=["2026-11-22"])]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
Words = Annotated[str, StringConstraints(max_length=200), AfterValidator(_printable)]
"""What somebody types to search; may be empty."""
Reference = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,40}$")]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:~-]{1,100}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, Strict(), Field(ge=1, le=LARGEST_AMOUNT)]


class Shown(BaseModel):
    """What the API shows; made from a row with the same names."""

    model_config = ConfigDict(from_attributes=True)


class Money(Shown):
    amount: int = Field(description="Minor units: kopecks for RUB", examples=[150000])
    currency: str = Field(examples=["RUB"])


class Named(Shown):
    """Something with a reference of its own."""

    reference: str
    name: str


class ReferencePath(BaseModel):
    reference: Reference = Field(examples=["EST-7K3M9QXD"])


class ExternalPath(BaseModel):
    external_id: ExternalId = Field(description="The owner's own id", examples=["superapp-1001"])


def money(amount: int, currency: str) -> Money:
    return Money(amount=amount, currency=currency)


def named(reference: str | None, name: str | None) -> Named | None:
    return Named(reference=reference, name=name or "") if reference else None


def example(values: dict[str, Any]) -> ConfigDict:
    """The configuration of a schema with one worked example."""
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [values]})
