"""The session in its signed cookie. A browser sends the same one with every request, so its signature is checked once."""

from __future__ import annotations

import time
from copy import deepcopy
from functools import lru_cache
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature


class Sessions(SecureCookieSessionInterface):
    """Flask's own, which remembers what stood in good cookies. How old each is, is asked every time."""

    def __init__(self, app: Flask):
        @lru_cache(maxsize=4096)
        def read(cookie: str, _key: Any) -> tuple[dict[str, Any], float]:
            signer = self.get_signing_serializer(app)
            assert signer
            data, signed = signer.loads(cookie, return_timestamp=True)
            return data, signed.timestamp()

        self._read = read

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie or not app.secret_key:
            return super().open_session(app, request)
        try:
            data, signed = self._read(cookie, app.secret_key)
        except BadSignature:
            return self.session_class()
        good_for = app.permanent_session_lifetime.total_seconds()
        return self.session_class(deepcopy(data) if 0 <= int(time.time()) - signed <= good_for else None)
