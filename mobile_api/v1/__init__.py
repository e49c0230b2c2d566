"""Version 1 of the API, one file a noun."""

from flask_openapi import APIBlueprint

NOUNS: tuple[APIBlueprint, ...] = ()
