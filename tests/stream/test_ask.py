import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from stream.cli import app

TEXT = ["41 min, expected 6 to 22; mostly level.", "It would not have alerted below 31 min."]


class Service(BaseHTTPRequestHandler):
    """Answers like the service: one series is known."""

    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        known = urlsplit(self.path).path == "/v1/explain" and asked["series"] == ["JFK/AA 1"]
        body = {"text": TEXT, "asked": asked} if known else {"title": "Unknown series", "detail": "There is no series."}
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture(scope="module")
def url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def call(*arguments):
    return CliRunner().invoke(app, ["explain", *arguments])


def test_an_explanation_is_sentences_or_the_whole_answer(url):
    assert call("JFK/AA 1", "--url", url).stdout.splitlines() == TEXT
    whole = json.loads(call("JFK/AA 1", "--url", url, "--json", "--time", "2013-02-08T20:00:00Z", "--feed", "f").stdout)
    assert whole["asked"] == {"series": ["JFK/AA 1"], "time": ["2013-02-08T20:00:00Z"], "feed": ["f"]}


def test_what_the_service_refuses_is_told(url):
    result = call("none", "--url", url)
    assert (result.exit_code, result.stderr) == (1, "Unknown series\nThere is no series.\n")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "no address"])
def test_a_service_that_is_not_there(address):
    result = call("a", "--url", address)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"the service does not answer\n{address}: ")
