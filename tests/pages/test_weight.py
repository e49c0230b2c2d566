"""What travels over the wire: little, packed, and never twice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from erp.kernel.permissions import Role
from tests.pages.conftest import Desk
from tests.support.office import Office

ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
MOST = 100 * 1024
PACKED = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_first_page_weighs_little_with_all_it_needs(
    desk: Callable[[Role], Desk], office: Office, language: str
) -> None:
    admin = desk(Role.ADMIN)
    admin.client.set_cookie("language", language)
    for url in ("/", "/agents", f"/agents/{office.agent}"):
        page = admin.client.get(url, headers=PACKED)
        assert page.headers["Content-Encoding"] == "zstd"
        needed = sorted(set(ASSET.findall(admin.get(url).text)))
        assert {name.rpartition(".")[2] for name in needed} == {"css", "js", "svg", "woff2"}
        weights = {url: len(page.data)}
        for asset in needed:
            answer = admin.client.get(asset, headers=PACKED)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            weights[asset] = len(answer.data)
        assert sum(weights.values()) <= MOST, weights


def test_what_a_browser_cannot_unpack_is_sent_as_it_is(desk: Callable[[Role], Desk]) -> None:
    plain = desk(Role.ADMIN).client.get("/agents", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]
