"""The language of an agent: of sentences in answers, and of messages to the phone."""

from flask import Flask

from erp.domain import agents
from erp.kernel import clock
from erp.kernel.transaction import transaction
from erp.language import say_in
from tests.mobile_api.conftest import Caller

RUSSIAN = {"Accept-Language": "ru-RU, ru;q=0.9, en;q=0.5"}


def test_a_refusal_is_told_in_the_language_that_is_asked_for(stranger: Caller) -> None:
    answer = stranger.post("/auth/sessions", {"phone": "nonsense"}, headers=RUSSIAN)
    assert (answer.status_code, answer.headers["Content-Language"]) == (422, "ru")
    assert "Accept-Language" in answer.headers["Vary"]
    assert (answer.json["code"], answer.json["title"]) == ("invalid", "Неверные значения")
    assert answer.json["fields"] == {"code": "Обязательное поле."}
    for asked in (
        {},
        {"Accept-Language": "*"},
        {"Accept-Language": "de, *;q=0.5"},
        {"Accept-Language": ";q=x"},
    ):
        assert stranger.post("/auth/sessions", {}, headers=asked).json["title"] == "Invalid values"


def test_what_an_agent_chose_counts_more_than_what_the_app_asks_for(alice: Caller) -> None:
    assert alice.get("/me").json["language"] is None
    assert alice.patch("/me", {"language": "ru"}).json["language"] == "ru"
    refusal = alice.get("/establishments/EST-NOBODY", headers={"Accept-Language": "en"})
    assert refusal.json["title"] == "Не найдено"
    assert alice.patch("/me", {"language": "tlh"}).status_code == 422
    assert alice.patch("/me", {"language": None}).json["language"] is None
    assert alice.get("/establishments/EST-NOBODY").json["title"] == "Not found"


def test_the_code_comes_in_the_language_of_who_asks_or_of_the_agent(app: Flask, alice: Caller) -> None:
    def sent(phone: str, language: str | None) -> str:
        with transaction():
            id = agents.request_code(phone, language=language, now=clock.now())
        text = agents.code_to_send(id, now=clock.now())
        assert text is not None
        return say_in(text.language, text.body)

    alice.patch("/me", {"language": "ru"})
    with app.app_context():
        assert "код для Ref" in sent("+79012345609", "ru")
        assert "your code for Ref" in sent("+79012345608", None)
        with transaction():
            agents.forget_codes(now=clock.now().replace(year=clock.now().year + 1))
        assert "код для Ref" in sent("+79012345601", "en")
