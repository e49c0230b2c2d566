"""The walk plays to its end, again on the same instance, and refuses to play with real money."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from erp.up import Instance


@pytest.mark.xdist_group("instance")
def test_the_whole_way_holds_twice_on_one_instance_and_proves_its_books(instance: Instance) -> None:
    assert instance.ref("demo", "--ground") == 0
    assert instance.ref("walk") == 0
    assert instance.ref("walk") == 0
    assert instance.ref("check", "--require-all") == 0


@pytest.fixture
def live_instance() -> Iterator[str]:
    """Something that says it is live and notes what is asked of it."""

    class Live(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "ok", "mode": "live"}')

        def log_message(self, *_arguments: object) -> None:
            pass

    asked: list[str] = []
    server = HTTPServer(("127.0.0.1", 0), Live)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    assert asked == ["/healthz"]


def ref(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "erp.cli", *arguments]
    return subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True, check=False
    )


def test_it_refuses_a_live_instance(live_instance: str, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"staff": [], "product_key": "refk_x"}')
    variables = {"REF_VAR": str(tmp_path), "REF_TBANK_URL": live_instance, "REF_SMS_URL": live_instance}
    refused = ref("walk", "--url", live_instance, **variables)
    assert refused.returncode == 2
    assert "is live" in refused.stderr


def test_it_says_what_it_does_not_know(tmp_path: Path) -> None:
    refused = ref("walk", "--url", "http://127.0.0.1:9", REF_VAR=str(tmp_path))
    assert refused.returncode == 2
    assert "ref demo" in refused.stderr
