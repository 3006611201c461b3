import socket
import threading

import httpx
import pytest
from fastapi import FastAPI

from stream.config import ApiSettings
from stream.server import AddressError, ApiServer, bind


@pytest.fixture
def taken():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_a_taken_port_is_an_error_that_says_what_to_do(taken):
    with pytest.raises(AddressError, match=rf"port {taken} is taken.*next_free_port"):
        bind(ApiSettings(port=taken))


def test_the_next_free_port_is_found(taken):
    with bind(ApiSettings(port=taken, next_free_port=True)) as sock:
        assert taken < sock.getsockname()[1] < taken + 100


def test_an_address_that_is_not_ours():
    with pytest.raises(AddressError, match=r"cannot listen on 192\.0\.2\.1:0"):
        bind(ApiSettings(host="192.0.2.1", port=0))


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:")])
def test_it_answers_and_stops(host, shown):
    app = FastAPI()
    app.get("/hello")(lambda: "there")
    server = ApiServer(app, bind(ApiSettings(host=host, port=0)))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.wait_until_up()
    assert server.address.startswith(shown)
    assert httpx.get(f"{server.address}/hello").json() == "there"
    server.stop()
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.address}/hello")
