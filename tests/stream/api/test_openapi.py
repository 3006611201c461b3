import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.stream.api.conftest import SPIKED

ID = "JFK%2FAA%201"


@pytest.fixture(scope="module")
def schema(running):
    return running.get("/openapi.json")


def test_the_description_is_valid(schema):
    validate(schema)


def test_every_error_is_described_as_a_problem(schema):
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status[0] in "45":
                    assert list(response["content"]) == ["application/problem+json"], path
            assert operation["responses"].keys() - {"500"}
            assert operation["summary"]
            assert operation["description"]


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/v1/series", "/v1/series", "200"),
        (f"/v1/series/{ID}", "/v1/series/{series}", "200"),
        (f"/v1/series/{ID}/forecast?horizon=1h&level=0.5", "/v1/series/{series}/forecast", "200"),
        (f"/v1/series/{ID}/scores", "/v1/series/{series}/scores", "200"),
        ("/v1/alerts", "/v1/alerts", "200"),
        (f"/v1/explain?series={ID}", "/v1/explain", "200"),
        ("/v1/explain?series=none", "/v1/explain", "404"),
        ("/v1/feedback", "/v1/feedback", "200"),
        ("/v1/feedback?limit=0", "/v1/feedback", "422"),
        ("/v1/feeds", "/v1/feeds", "200"),
        ("/v1/stats", "/v1/stats", "200"),
        ("/healthz", "/healthz", "200"),
        ("/readyz", "/readyz", "200"),
        ("/v1/series/none", "/v1/series/{series}", "404"),
        ("/v1/series/twice", "/v1/series/{series}", "409"),
        ("/v1/series?limit=0", "/v1/series", "422"),
    ],
)
def test_answers_are_as_described(running, schema, path, template, status):
    answer = running.client.get(path)
    assert str(answer.status_code) == status
    (content,) = schema["paths"][template]["get"]["responses"][status]["content"].values()
    Draft202012Validator({**content["schema"], "components": schema["components"]}).validate(answer.json())


def test_examples_are_as_described(schema):
    checked = 0
    for name, model in schema["components"]["schemas"].items():
        if example := model.get("example"):
            reference = {"$ref": f"#/components/schemas/{name}", "components": schema["components"]}
            Draft202012Validator(reference).validate(example)
            checked += 1
    assert checked >= 8
    content = schema["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        Draft202012Validator(content["schema"]).validate(example["value"])


def test_the_examples_of_events_are_accepted(running, schema):
    content = schema["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        answer = running.post(example["value"], "spare")
        assert (answer.status_code, answer.json()["rejected"]) == (202, [])


def test_no_number_is_nan(running):
    for path in ("/v1/series?limit=1000", f"/v1/series/{ID}", f"/v1/series/{ID}/scores"):
        text = running.client.get(path).text
        assert SPIKED in text
        json.loads(text, parse_constant=pytest.fail)
