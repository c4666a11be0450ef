"""Schemathesis over the whole API: no fault of ours, and no answer that the document does not name.

More examples, other ones each time: `python -m tests.checks.schema`.
"""

from tests.web.api.asking import Inquiry, name_of
from tests.web.api.world import PATIENT, World

EXAMPLES = 6  # requests an operation
SEED = 20261123


def test_no_operation_answers_what_the_document_does_not_name(make_app, sqlite_url, clock):
    inquiry = Inquiry(World(make_app(sqlite_url, **PATIENT), clock), examples=EXAMPLES, seed=SEED)
    operations = inquiry.operations()

    for operation in operations:
        inquiry.ask(operation)

    reached = {name for (name, status) in inquiry.seen if status < 300}
    asked = {name_of(operation) for operation in operations}
    assert len(reached) > 0.7 * len(asked), sorted(asked - reached)
