"""The OpenAPI document, built from the same declarations that the requests are checked by."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import current_app

from models import Scope
from service import errors
from service.errors import ServiceError
from service.programs.repeats import HEADER
from service.web.api.declaring import Operation, Resource, Schema
from service.web.api.schemas import TEXT, WHOLE, is_required, many, schema_of, schema_of_field
from service.web.context import API, house

VERSION = "1"
KEPT = "gatepost.openapi"
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457; `code` is for programs, `detail` for people. More members may stand"
    " beside these, such as `comment` in a conflict.",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": WHOLE,
        "code": TEXT,
        "detail": TEXT,
        "errors": {
            "type": "object",
            "description": "By field, what is wrong with it.",
            "additionalProperties": many(TEXT),
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
}
REFUSALS: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "No key, or none that opens anything.",
    403: "The key lacks the scope named in `scope`.",
    404: "There is no such thing on the key's site.",
    409: "It is no longer as the caller saw it, or the same request still runs.",
    410: "The page takes no more comments.",
    411: "Send the body whole, with its length.",
    412: "It is no longer of the version that `If-Match` names.",
    413: "The body is too large.",
    415: "The body is not JSON in UTF-8.",
    422: "Some fields do not pass; `errors` says which and why.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    500: "A fault of ours; the number in `detail` finds it in the log.",
    503: "It cannot be stored or read now; `Retry-After` says when to try again.",
}
ALWAYS = (400, 401, 403, 422, 429, 500, 503)
WITH_BODY = (411, 413, 415)
WAITS = {"Retry-After": {"description": "Seconds to wait.", "schema": WHOLE}}
ABOUT = """Keys are made by an owner on the site's page and belong to that one site: things of other
sites are not found. A key is for servers: nothing here may be asked by scripts of a page, so no
answer allows another origin. No answer holds the address of a reader."""
SCOPES: Mapping[Scope, str] = {
    Scope.SUBMIT: "Hand in comments and have texts scored.",
    Scope.READ: "See comments of every status, events, pages and deliveries; never an address.",
    Scope.MODERATE: "Decide about comments, and take decisions back.",
    Scope.ADMIN: "Change settings, endpoints and the model; export and erase a person's data.",
}
"""What each scope lets a program do, a sentence each."""


def document(resources: Iterable[Resource]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document; made once in the life of an application."""
    return _both(resources)[1]


def unfolded(resources: Iterable[Resource]) -> dict[str, Any]:
    """Return the same with every schema whole at its place, as a page shows it to people."""
    return _both(resources)[0]


def _both(resources: Iterable[Resource]) -> tuple[dict[str, Any], dict[str, Any]]:
    kept: tuple[dict[str, Any], dict[str, Any]] | None = current_app.extensions.get(KEPT)
    if kept is None:
        whole = _document(list(resources))
        kept = current_app.extensions[KEPT] = whole, _by_name(whole)
    return kept


def _by_name(whole: dict[str, Any]) -> dict[str, Any]:
    """Let each schema that bears a name stand once, among the components."""
    schemas: dict[str, Any] = {}
    paths = _referring(whole["paths"], schemas)
    named = whole["components"]["schemas"] | dict(sorted(schemas.items()))
    return {**whole, "paths": paths, "components": {**whole["components"], "schemas": named}}


def _referring(node: Any, schemas: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_referring(one, schemas) for one in node]
    if not isinstance(node, dict):
        return node
    put = {name: _referring(one, schemas) for name, one in node.items()}
    name = put.get("title")
    if not isinstance(name, str):  # a field may be called that too
        return put
    if schemas.setdefault(name, put) != put:
        raise ValueError(f"two schemas are called {name}")
    return {"$ref": f"#/components/schemas/{name}"}


def _document(resources: list[Resource]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for resource in resources:
        for operation, _ in resource.operations:
            told = _operation(resource, operation)
            paths.setdefault(operation.path, {})[operation.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gatepost", "version": VERSION, "description": ABOUT},
        "servers": [{"url": house().settings.base_url + API.rstrip("/")}],
        "tags": [{"name": one.name, "description": one.about} for one in resources],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "gpk_…"}
            },
            "schemas": {"Problem": PROBLEM},
            "responses": {_name(status): _refusal(status) for status in REFUSALS},
        },
    }


def _operation(resource: Resource, operation: Operation) -> dict[str, Any]:
    scope = operation.scope
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [resource.name],
        "summary": operation.summary,
        "description": f"{operation.about}\n\nScope: `{scope.value}`.".strip(),
        "security": [{"key": [scope.value]}],
        "x-scope": scope.value,
        "parameters": [*_places(operation), *_query(operation), *_headers(operation)],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        content = {"application/json": {"schema": schema_of(operation.body())}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _places(operation: Operation) -> list[dict[str, Any]]:
    shape = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": shape} for name in operation.places
    ]


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    form = operation.query()
    found = []
    for field in form:
        schema = schema_of_field(field)
        about = schema.pop("description", "")
        told = {"name": field.short_name, "in": "query", "required": is_required(form, field)}
        found.append({**told, "description": about, "schema": schema})
    return found


def _headers(operation: Operation) -> list[dict[str, Any]]:
    found = []
    if operation.repeats:
        shape = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        about = "Names this request; sent again under the same name it happens once."
        found.append({"name": HEADER, "in": "header", "description": about, "schema": shape})
    if operation.matches:
        shape = {"type": "string", "pattern": '^"[0-9]{1,9}(-[0-9a-f]+)?"$'}
        about = "ETag of the thing as the caller saw it; in place of `version`."
        found.append({"name": "If-Match", "in": "header", "description": about, "schema": shape})
    if operation.tagged:
        about = "ETag of what the caller has; unchanged = 304."
        told = {"name": "If-None-Match", "in": "header", "description": about}
        found.append({**told, "schema": {"type": "string"}})
    return [{"required": False, **one} for one in found]


def _responses(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if operation.answer is None:
        found["204"] = {"description": "Done."}
    else:
        content = {"application/json": {"schema": operation.answer}}
        found[str(operation.status)] = {"description": "As asked.", "content": content}
    if operation.tagged:
        found["304"] = {"description": "As the caller has it."}
        told = {"description": "Of this very answer.", "schema": {"type": "string"}}
        found[str(operation.status)]["headers"] = {"ETag": told}
    if operation.paged:
        told = {"description": "The next page, as `rel=next`.", "schema": {"type": "string"}}
        found[str(operation.status)]["headers"] = {"Link": told}
    for status in refused_statuses(operation):
        found[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    return found


def refused_statuses(operation: Operation) -> list[int]:
    """Return the statuses of all refusals that an operation can answer."""
    found = {*ALWAYS, *(error.status for error in operation.refusals)}
    found |= {404} if operation.places else set()
    found |= set(WITH_BODY) if operation.method != "GET" else set()
    found |= {409} if operation.repeats else set()
    found |= {412} if operation.matches else set()
    return sorted(found)


def _name(status: int) -> str:
    return f"Refused{status}"


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    codes = sorted(kind.code for kind in _errors() if kind.status == status)
    about = REFUSALS[status] + (
        f" Codes: {', '.join(f'`{code}`' for code in codes)}." * bool(codes)
    )
    told: dict[str, Any] = {
        "description": about,
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status in (409, 429, 503):
        told["headers"] = WAITS
    if status == 401:  # noqa: PLR2004 - the status that asks for a key
        told["headers"] = {"WWW-Authenticate": {"description": "Bearer.", "schema": TEXT}}
    return told


def _errors() -> list[type[ServiceError]]:
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    return [one for one in kinds if issubclass(one, ServiceError) and one is not ServiceError]
