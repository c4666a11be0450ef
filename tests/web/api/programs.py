"""What tests of the API share: a key, a program that has it, and an answer held to its schema."""

import functools
import json

from jsonschema import Draft202012Validator
from werkzeug.routing import Map

from models import ApiKeyKind, Scope
from service.programs import api_keys
from service.programs.api_keys import WantedKey
from service.web.context import HOUSE
from tests.conftest import visitor
from tests.web.desk import site_of

EVERY = tuple(Scope)


def key_for(app, *scopes, site=None):
    """Make a key; returns what its owner is shown."""
    wanted = WantedKey("Build server", ApiKeyKind.API, scopes or EVERY, None)
    with app.app_context():
        number = (site or site_of(app)).id
        return api_keys.make_key(app.extensions[HOUSE], number, None, wanted).shown


class Program:
    """A program with a key; every answer is held to what the document says of it."""

    def __init__(self, app, *scopes, site=None):
        self.app = app
        self.key = key_for(app, *scopes, site=site)
        self.client = visitor(app)

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, json=body, headers=headers)

    def ask(self, method, path, *, headers=None, **more):
        told = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        answer = self.client.open(
            f"/api/v1{path}",
            method=method,
            headers={"Authorization": f"Bearer {self.key}", **told},
            **more,
        )
        hold_to_document(self.app, method, path, answer)
        assert answer.headers["Cache-Control"] == "no-store"
        assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(answer.headers.keys())
        return answer


@functools.lru_cache(maxsize=4)
def _document(app):
    return json.loads(visitor(app).get("/api/v1/openapi.json").text)


def hold_to_document(app, method, path, answer):
    """Check an answer's status, type and content against the document."""
    rules: Map = app.url_map
    endpoint, _ = rules.bind("").match("/api/v1" + path.partition("?")[0], method=method)
    told = _document(app)
    operation = next(
        one
        for methods in told["paths"].values()
        for one in methods.values()
        if one["operationId"] == endpoint.removeprefix("api.")
    )
    responses = operation["responses"]
    assert str(answer.status_code) in responses, (answer.status_code, answer.text)
    response = responses[str(answer.status_code)]
    if "$ref" in response:
        response = told["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if "content" not in response:
        assert answer.data == b""
        return
    [(kind, content)] = response["content"].items()
    assert answer.content_type == kind, answer.text
    schema = {**content["schema"], "components": told["components"]}  # where its names lead to
    Draft202012Validator(schema).validate(json.loads(answer.text))
