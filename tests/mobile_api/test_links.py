"""GET /r/<code>."""

from urllib.parse import parse_qs, urlsplit

from flask import Flask

from erp.kernel.db import scalar
from tests.mobile_api.conftest import Caller


def _follow(caller: Caller, code: str) -> tuple[str, dict[str, list[str]]]:
    answer = caller.client.get(f"/r/{code}")
    assert answer.status_code == 302
    address = urlsplit(answer.location)
    return address.netloc, parse_qs(address.query)


def test_a_link_leads_to_the_product_with_code_and_token(
    stranger: Caller, product: Caller, alice: Caller, programme: str
) -> None:
    code = alice.get("/me").json["code"]
    host, parameters = _follow(stranger, code.lower())
    assert host == "example.test"
    assert parameters["ref"] == [code.lower()]
    signed_up = product.post(
        "/sign-ups", {"external_id": "1", "kind": "consumer", "click": parameters["click"][0]}
    ).json
    assert (signed_up["agent_code"], signed_up["basis"]) == (code, "click")


def test_a_dead_link_leads_to_the_product_too(app: Flask, stranger: Caller) -> None:
    for code in ("NOBODY", "%00", "é", "x" * 500):
        assert _follow(stranger, code) == ("example.test", {})
    with app.app_context():
        assert scalar("select count(*) from click") == 0
