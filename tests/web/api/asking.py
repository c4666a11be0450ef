"""Schemathesis asks the API what its own document says can be asked, in this process.

An answer whose status, content type, headers or content the document does not name is a fault, and
so is any 5xx.
"""

import json
from collections import Counter

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.conftest import BASE_URL, visitor

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

TAKING_AWAY = ("removeEndpoint", "dropAlias", "mergeThread", "erasePerson")


def name_of(operation):
    """The operation's name in the document."""
    return operation.definition.raw["operationId"]


def printable(value):
    """A body whose texts hold nothing that the gate refuses before anybody reads them."""
    if isinstance(value, dict):
        return {printable(name): printable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [printable(inner) for inner in value]
    if isinstance(value, str):
        return "".join(sign for sign in value if sign.isprintable()) or "x"
    return value


class Inquiry:
    """Made-up requests to every operation, of which many name what there is.

    Args:
        world: what there is.
        examples: requests an operation, half of them good by the document and half not.
        seed: None = others each time.
    """

    def __init__(self, world, *, examples, seed=None):
        self.world, self.examples, self.seed = world, examples, seed
        document = json.loads(visitor(world.app).get("/api/v1/openapi.json").text)
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.app = world.app
        self.seen = Counter()
        """How often each operation gave each status."""

    def operations(self):
        """Every operation of the document; those that take things away come last."""
        found = [one.ok() for one in self.schema.get_all_operations()]
        return sorted(found, key=lambda one: name_of(one) in TAKING_AWAY)

    def ask(self, operation):
        """Ask one operation with all its examples."""
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            self._ask(operation, mode)

    def _ask(self, operation, mode):
        @hypothesis.settings(
            max_examples=max(1, self.examples // 2),
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode), st.data())
        def run(case, data):
            self._name_what_there_is(case, data)
            if mode is GenerationMode.POSITIVE and data.draw(st.integers(0, 3)):
                case.body = printable(case.body)
            self._send(case)

        seeded = run if self.seed is None else hypothesis.seed(self.seed)(run)
        seeded()

    def _name_what_there_is(self, case, data):
        for name in case.path_parameters or {}:
            if data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.sampled_from(self.world.places[name]))
        if not isinstance(case.body, dict) or not data.draw(st.integers(0, 3)):
            return
        for name in list(case.body):
            if name in self.world.fields:
                case.body[name] = data.draw(st.sampled_from(self.world.fields[name]))
            elif data.draw(st.booleans()):
                del case.body[name]

    def _send(self, case):
        key = {"Authorization": f"Bearer {self.world.program.key}"}
        answer = case.call(base_url=f"{BASE_URL}/api/v1", headers=key)
        self.seen[name_of(case.operation), answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
