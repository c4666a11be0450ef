"""What every operation has in common: keys, scopes, strict input, refusals, one document."""

import pytest
from openapi_spec_validator import validate

from models import Scope
from service.web.api import RESOURCES
from service.web.api.declaring import Resource
from service.web.api.document import KEPT, document
from service.web.api.schemas import TEXT, WHOLE, named, thing
from tests.building import found_demo_site
from tests.conftest import visitor
from tests.web.api.programs import Program
from tests.web.desk import send_json

OPERATIONS = [one for resource in RESOURCES for one, _ in resource.operations]


def test_every_address_of_the_api_is_declared_and_the_document_is_valid(app):
    told = visitor(app).get("/api/v1/openapi.json").json

    validate(told)
    declared = {
        (f"/api/v1{path}", method.upper())
        for path, methods in told["paths"].items()
        for method in methods
    }
    routed = {
        (rule.rule.replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") and rule.endpoint not in ("api.openapi", "api.reference")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert declared == routed
    assert len(declared) == len({one.name for one in OPERATIONS}) == len(OPERATIONS)


def test_whatever_is_answered_has_a_name_that_stands_once(app):
    told = visitor(app).get("/api/v1/openapi.json").json
    schemas = told["components"]["schemas"]
    answers = [
        content["schema"]
        for methods in told["paths"].values()
        for operation in methods.values()
        for response in operation["responses"].values()
        for content in response.get("content", {}).values()
    ]

    assert {one["$ref"].rpartition("/")[2] for one in answers} < set(schemas)
    assert schemas["CommentPage"]["properties"]["items"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/ListedComment"},
    }


def test_two_things_under_one_name_are_our_fault_and_said_at_once(app):
    resource = Resource("Things", "Tried only here.")
    for number, shape in enumerate((TEXT, WHOLE)):
        kind = named("Thing", thing(it=shape))
        told = resource.operation(f"get{number}", f"GET /{number}", scope=Scope.READ, answer=kind)

        @told
        def get(_call):
            """Get it."""

    app.extensions.pop(KEPT, None)
    with app.app_context(), pytest.raises(ValueError, match="two schemas are called Thing"):
        document([resource])


def test_the_page_names_every_operation_scope_and_refusal(app):
    page = visitor(app).get("/api/v1/").text

    for operation in OPERATIONS:
        assert f"{operation.method} {operation.path}" in page
    assert all(scope.value in page for scope in Scope)
    assert "scope_missing" in page


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (None, 'Bearer realm="gatepost"'),
        ("Basic Z3BrOg==", 'Bearer realm="gatepost", error="invalid_token"'),
        ("Bearer gpk_00000000", 'Bearer realm="gatepost", error="invalid_token"'),
    ],
)
def test_without_a_key_nothing_opens(app, header, told):
    headers = {} if header is None else {"Authorization": header}
    answer = visitor(app).get("/api/v1/comments", headers=headers)

    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == told


def test_a_key_does_what_its_scopes_say_and_no_more(app):
    answer = Program(app, Scope.SUBMIT).get("/comments")

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert answer.json["scope"] == "read"


def test_what_is_another_sites_is_not_there(app_on_both):
    number = send_json(visitor(app_on_both)).json["id"]
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    program = Program(app_on_both, site=other)

    assert program.get(f"/comments/{number}").status_code == 404
    assert program.get("/comments").json == {"items": [], "next": None}


def test_an_address_that_is_none_is_a_problem_document_too(app):
    answer = visitor(app).get("/api/v1/nothing", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_query_that_makes_no_sense_is_named_by_parameter(app):
    program = Program(app)
    wrong = (
        "nonsense=1", "limit=0", "limit=201", "limit=ten", "limit=1&limit=2", "cursor=xyz",
        "status=lost", "since=yesterday", "page=/nowhere",
    )  # fmt: skip
    for query in wrong:
        answer = program.get(f"/comments?{query}")
        field = query.partition("=")[0]
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_thing_not_changed_is_not_sent_again(app):
    number = send_json(visitor(app)).json["id"]
    program = Program(app)
    tag = program.get(f"/comments/{number}").headers["ETag"]

    answer = program.get(f"/comments/{number}", If_None_Match=tag)
    assert (answer.status_code, answer.headers["ETag"]) == (304, tag)
    assert tag.startswith('"1-')


def test_pages_follow_one_another_until_the_end(app_on_both):
    program = Program(app_on_both)
    client = visitor(app_on_both)
    sent = [send_json(client, comment=f"Number {one}.").json["id"] for one in range(5)]
    found, path = [], "/comments?limit=2"
    while path:
        answer = program.get(path)
        found += [one["id"] for one in answer.json["items"]]
        link = answer.headers.get("Link")
        assert (link is None) is (answer.json["next"] is None)
        path = link and link.partition("/api/v1")[2].partition(">")[0]

    assert found == sent[::-1]


def test_a_key_that_asks_too_often_is_told_when_to_come_again(make_app, database_url, clock):
    program = Program(make_app(database_url, api_burst=12, api_per_minute=60))

    statuses = [program.get("/comments").status_code for _ in range(13)]
    assert statuses == [200] * 12 + [429]
    assert program.get("/comments").headers["Retry-After"] == "1"
    clock.move(seconds=1)
    assert program.get("/comments").status_code == 200
