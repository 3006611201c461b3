import pytest


def test_the_dashboard_is_at_the_root(running):
    answer = running.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "<html" in answer.text


def test_an_unchanged_file_is_not_sent_again(running):
    tag = running.client.get("/index.html").headers["etag"]
    again = running.client.get("/index.html", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["fetch.py", "__init__.py", "package.json", "package-lock.json"])
def test_what_is_not_for_browsers_is_not_served(running, name):
    running.refused(404, f"/{name}")
