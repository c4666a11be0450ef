"""The door of the API: what is the same for every operation, before its view and after it."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.http import quote_etag

from service.db import db
from service.errors import InvalidError, PreconditionError
from service.house import House
from service.programs.repeats import HEADER, Repeatable, once
from service.queries.sites import site as site_of
from service.web.api.admitting import admitted
from service.web.api.declaring import Call, Operation, Reply, Resource, View
from service.web.api.taking import form_of_json, form_of_query
from service.web.context import house, json_body, keep_house
from service.web.reader.intake import BAD_KEY, repeat_key
from service.web.speech import speak_for

REALM = 'Bearer realm="gatepost"'
IF_MATCH = re.compile(r'"([0-9]{1,9})(?:-[0-9a-f]+)?"', re.ASCII)
BAD_MATCH = "If-Match takes one ETag that this API gave out."


def open_resources(bp: Blueprint, resources: Iterable[Resource]) -> None:
    """Let a blueprint answer all that these resources declare."""
    for resource in resources:
        for operation, view in resource.operations:
            bp.add_url_rule(
                operation.rule,
                endpoint=operation.name,
                view_func=_asked(operation, view),
                methods=[operation.method],
            )
    bp.after_request(challenge)


def challenge(response: Response) -> Response:
    """Say how to authenticate where that is what is missing (RFC 6750)."""
    if response.status_code == 401:  # noqa: PLR2004 - the status that asks for it
        wrong = "Authorization" in request.headers
        told = f'{REALM}, error="invalid_token"' if wrong else REALM
        response.headers["WWW-Authenticate"] = told
    return response


def _asked(operation: Operation, view: View) -> Any:
    """Return a view as the router calls it."""

    def answer(**places: str) -> Response:
        call = _call(operation)
        if not operation.repeats or HEADER not in request.headers:
            return _sent(operation, view(call, **places))
        repeatable = Repeatable(call.key.id, _repeat_key(), _what())

        def deed(quiet: House) -> Any:
            keep_house(quiet)
            return _packed(view(call, **places))

        return _sent(operation, Reply(**once(house(), repeatable, deed)))

    return answer


def _call(operation: Operation) -> Call:
    """Return a request that passed every check.

    Raises:
        ServiceError: the first one that it did not pass.
    """
    key = admitted(operation.scope)
    site = site_of(db.session(), key.site_id)
    g.site = site
    given = json_body() if operation.body is not None else {}
    language = given.get("lang")
    speak_for(site, language if isinstance(language, str) else "")
    query, args = operation.query, request.args
    if query is None and args:
        raise InvalidError({name: ["There is no such parameter."] for name in args})
    return Call(
        key=key,
        site=site,
        query=None if query is None else form_of_query(query, args),
        body=None if operation.body is None else form_of_json(operation.body, given),
        given=given,
        version=_if_match() if operation.matches else None,
    )


def _if_match() -> int | None:
    given = request.headers.get("If-Match")
    if given is None:
        return None
    found = IF_MATCH.fullmatch(given.strip())
    if found is None:
        raise PreconditionError(BAD_MATCH)
    return int(found.group(1))


def _repeat_key() -> str:
    key = repeat_key(request.headers[HEADER])
    if key is None:
        raise InvalidError({HEADER: [BAD_KEY]})
    return key


def _what() -> bytes:
    asked = f"{request.method} {request.full_path} {request.headers.get('If-Match', '')}\n"
    return asked.encode() + request.get_data(cache=True)


def _packed(reply: Reply) -> Mapping[str, Any]:
    """Return a reply as it is kept; a list is never answered twice, so it has no next page."""
    return {"content": reply.content, "version": reply.version, "status": reply.status}


def _sent(operation: Operation, reply: Reply) -> Response:
    if reply.content is None:
        return Response(status=204)
    body = json.dumps(reply.content, ensure_ascii=False, separators=(",", ":")).encode()
    status = reply.status or operation.status
    response = Response(body, status=status, content_type="application/json")
    if operation.tagged:
        response.headers["ETag"] = _etag(reply, body)
        response.make_conditional(request)
    if reply.beyond is not None:
        response.headers["Link"] = f'<{_next(reply.beyond)}>; rel="next"'
    return response


def _etag(reply: Reply, body: bytes) -> str:
    digest = hashlib.sha256(body).hexdigest()[:16]
    return quote_etag(digest if reply.version is None else f"{reply.version}-{digest}")


def _next(cursor: str) -> str:
    told = urlencode({**request.args.to_dict(), "cursor": cursor})
    return f"{house().settings.base_url}{request.path}?{told}"
