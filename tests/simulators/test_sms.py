"""The SMS simulator: accepts, remembers, shows, misbehaves."""

import httpx
import pytest

TEXT = {"to": "+79990000001", "text": "Your code is 1234"}


@pytest.fixture
def sms(start_sms):
    return start_sms()


def send(sms, **more):
    return sms.http.post("/send", json={**TEXT, **more}, headers={"Authorization": "Bearer sms-token"})


def test_a_text_is_accepted_and_shown_newest_first(sms):
    assert send(sms).json() == {"id": "sms-1"}
    send(sms, text="second <b>")
    send(sms, to="+79990000002", text="other")
    for address in ("/inbox.json?to=+79990000001", "/inbox.json?to=%2B79990000001"):
        messages = sms.http.get(address).json()["messages"]
        assert [message["text"] for message in messages] == ["second <b>", "Your code is 1234"]
    page = sms.http.get("/inbox").text
    assert "second &lt;b&gt;" in page
    assert "<script" not in page
    assert "style=" not in page


def test_a_stranger_sends_nothing(sms):
    refused = sms.http.post("/send", json=TEXT, headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401
    assert sms.http.get("/inbox.json").json() == {"messages": []}


@pytest.mark.parametrize(
    "wrong", [{"to": "79990000001"}, {"to": "+7"}, {"text": ""}, {"text": None}, {"text": "x" * 1001}]
)
def test_a_malformed_text_is_refused(sms, wrong):
    assert send(sms, **wrong).status_code == 400


def test_a_killed_gateway_remembers_what_it_accepted(sms):
    send(sms)
    sms.kill()
    sms.start()
    assert len(sms.http.get("/inbox.json").json()["messages"]) == 1
    assert send(sms).json() == {"id": "sms-2"}


def test_it_misbehaves_as_ordered(sms):
    sms.misbehave("send", "timeout_before")
    sms.misbehave("send", "timeout_after")
    sms.misbehave("send", "error", ErrorCode="blocked", to="+79990000002")
    for accepted in (0, 1):
        with pytest.raises(httpx.RemoteProtocolError):
            send(sms)
        assert len(sms.http.get("/inbox.json").json()["messages"]) == accepted
    refused = send(sms, to="+79990000002")
    assert (refused.status_code, refused.json()) == (422, {"error": "blocked"})
    sms.misbehave("send", "http_500")
    assert send(sms).status_code == 500
