"""What docs/api.md says is so: each curl runs, each code and scope is named."""

import json
import re
import shutil
import subprocess

import pytest

from models import Scope
from service import errors
from service.errors import ServiceError
from tests.live import live
from tests.serving import ROOT, free_port
from tests.web.api.programs import key_for

TEXT = (ROOT / "docs" / "api.md").read_text("utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
KEPT = {"comments": "COMMENT", "threads": "THREAD", "endpoints": "ENDPOINT"}
"""What an answer's `id` is called in later commands, by what was asked for."""


def test_each_curl_of_the_page_does_what_it_says(make_app, sqlite_url):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    base = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=base)
    environment = {"GATEPOST": base, "KEY": key_for(app), "PATH": "/usr/bin:/bin"}
    answers = []
    with live(app, base):
        for command in COMMANDS:
            told = command.replace("curl ", f"{curl} --silent --show-error --fail-with-body ", 1)
            done = subprocess.run(
                ["sh", "-euc", told], env=environment, capture_output=True, check=False, text=True
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            answers.append(json.loads(done.stdout))
            environment |= named_in(command, answers[-1])

    results = [one for answer in answers for one in answer.get("results", [])]
    assert [(one["result"], one["status"]) for one in results] == [
        ("moved", "approved"),
        ("moved", "pending"),
    ]
    listed = [answer["items"][0] for answer in answers if answer.get("items")]
    assert "pending" in [one.get("status") for one in listed]
    assert [answer["score"]["band"] for answer in answers if "score" in answer][-1]
    assert answers[-1] == {"comments": 1}


def named_in(command, answer):
    """What later commands may use of an answer."""
    resource = re.search(r"/api/v1/(\w+)", command).group(1)
    found = {"DECISION": answer.get("decision")}
    for one in answer.get("results", []):
        found["DECISION"] = one["decision"]
    if resource in KEPT:
        found[KEPT[resource]] = answer.get("id")
    return {name: str(value) for name, value in found.items() if value is not None}


def test_the_page_names_every_code_and_scope():
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    codes = {one.code for one in kinds if issubclass(one, ServiceError)} - {"forbidden"}

    assert [code for code in sorted(codes) if f"`{code}`" not in TEXT] == []
    assert [scope for scope in Scope if f"| `{scope}` |" not in TEXT] == []


def test_a_scanner_of_secrets_finds_a_key_by_the_pages_expression(app):
    [expression] = re.findall(r"`(gpk_\S+)`", TEXT)

    assert re.fullmatch(expression, key_for(app))
