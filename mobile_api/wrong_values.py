"""Why a value of a request cannot be accepted, in sentences: what pydantic names by its type of error."""

from __future__ import annotations

from typing import Any

from pydantic_core import ErrorDetails

from erp.kernel.sentences import Counted, Sentence

SENTENCES = {
    "missing": Sentence("This is needed."),
    "string_type": Sentence("This should be text."),
    "int_type": Sentence("This should be a whole number."),
    "int_parsing": Sentence("This should be a whole number."),
    "int_parsing_size": Sentence("This number is too large."),
    "int_from_float": Sentence("This should be a whole number."),
    "bool_type": Sentence("This should be true or false."),
    "bool_parsing": Sentence("This should be true or false."),
    "list_type": Sentence("This should be a list."),
    "dict_type": Sentence("This should be an object."),
    "model_type": Sentence("This should be an object."),
    "model_attributes_type": Sentence("This should be an object."),
    "datetime_type": Sentence("This should be a moment such as %(example)s."),
    "datetime_parsing": Sentence("This should be a moment such as %(example)s."),
    "datetime_from_date_parsing": Sentence("This should be a moment such as %(example)s."),
    "datetime_object_invalid": Sentence("This should be a moment such as %(example)s."),
    "date_parsing": Sentence("This should be a day such as %(day)s."),
    "date_from_datetime_parsing": Sentence("This should be a day such as %(day)s."),
    "date_from_datetime_inexact": Sentence("This should be a day such as %(day)s."),
    "timezone_aware": Sentence("This moment should name its time zone, such as %(example)s."),
    "no_such_moment": Sentence("There is no such moment in UTC."),
    "control_characters": Sentence("Control characters cannot be accepted."),
    "string_pattern_mismatch": Sentence("This is not written as it should be: %(pattern)s"),
    "literal_error": Sentence("One of: %(expected)s."),
    "enum": Sentence("One of: %(expected)s."),
    "greater_than_equal": Sentence("At least %(ge)s."),
    "less_than_equal": Sentence("At most %(le)s."),
    "greater_than": Sentence("More than %(gt)s."),
    "less_than": Sentence("Less than %(lt)s."),
    "extra_forbidden": Sentence("Nothing is known by this name."),
}
OTHERWISE = Sentence("This value cannot be accepted.")
EXAMPLE = "2026-11-22T04:30:00Z"
DAY = "2026-11-22"


def wrong(problem: ErrorDetails) -> Sentence:
    """Why this value is wrong."""
    given: dict[str, Any] = dict(problem.get("ctx", {}))
    if problem["type"] == "string_too_short":
        return Counted("At least %(num)s character.", "At least %(num)s characters.", num=given["min_length"])
    if problem["type"] == "string_too_long":
        return Counted("At most %(num)s character.", "At most %(num)s characters.", num=given["max_length"])
    return SENTENCES.get(problem["type"], OTHERWISE).about(example=EXAMPLE, day=DAY, **given)
