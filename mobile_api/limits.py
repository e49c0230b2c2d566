"""How often somebody may ask: per access token or API key, and per address where nobody is known yet."""

from __future__ import annotations

import hashlib

from flask import current_app, request

from erp.extensions import limiter


def caller() -> str:
    """Whoever the request says it is, as a hash; the address when it says nothing."""
    credential = request.headers.get("Authorization")
    if credential is None:
        return address()
    return hashlib.sha256(credential.encode()).hexdigest()


def address() -> str:
    return request.remote_addr or "unknown"


def api_rate() -> str:
    return str(current_app.config["REF"].api_rate)


def auth_rate() -> str:
    return str(current_app.config["REF"].auth_rate)


per_caller = limiter.shared_limit(api_rate, scope="api", key_func=caller)
per_address = limiter.shared_limit(auth_rate, scope="sign-in", key_func=address)
