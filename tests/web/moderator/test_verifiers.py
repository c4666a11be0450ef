"""The verifiers of docs/webhooks.md, run as they stand there where their language is installed."""

import base64
import json
import re
import shutil
import subprocess
import sys
import time

import pytest

from service.web.moderator.signature import VERIFIERS, verifiers
from service.webhooks.signing import derive_secret, show_secret, sign
from tests.service.test_privacy import RING
from tests.serving import ROOT

DOCS = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
SHOWN = dict(re.findall(r"<!-- (verify\S+) -->\n+```\w+\n(.*?)```", DOCS, re.DOTALL))
NEW, OLD = (derive_secret(RING, "ep_1", version) for version in (2, 1))
DATA = {"type": "comment.approved", "data": {"html": "<p>Çay & 🚣 süß/sauer</p>", "version": 2}}
BODY = json.dumps(DATA, ensure_ascii=False, separators=(",", ":")).encode()

PYTHON = """
import base64, json, sys
from {module} import verify

def tried(case):
    try:
        return verify(case["secret"], case["headers"], base64.b64decode(case["body"]))
    except ValueError:
        return None
    except Exception as error:  # the library's own: a receiver without a secret is set up wrongly
        if type(error).__name__ != "EmptyWebhookSecretError":
            raise
        return None

json.dump([tried(case) for case in json.load(sys.stdin)], sys.stdout)
"""
NODE = """
import { readFileSync } from "node:fs";
import { verify } from "./verify.mjs";
const tried = ({ secret, headers, body }) => {
  try { return verify(secret, headers, Buffer.from(body, "base64")); } catch { return null; }
};
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(tried)));
"""
PHP = """<?php
require __DIR__ . '/verify.php';
function tried(array $case): ?array {
    try {
        return verify($case['secret'], $case['headers'], base64_decode($case['body']));
    } catch (RuntimeException | JsonException) { return null; }
}
echo json_encode(array_map('tried', json_decode(stream_get_contents(STDIN), true)));
"""
GO = """package main

import (
	"encoding/json"
	"net/http"
	"os"
)

type Case struct {
	Secret  string
	Headers map[string]string
	Body    []byte
}

func main() {
	var cases []Case
	json.NewDecoder(os.Stdin).Decode(&cases)
	results := make([]json.RawMessage, len(cases))
	for at, one := range cases {
		header := http.Header{}
		for name, value := range one.Headers {
			header.Set(name, value)
		}
		results[at] = json.RawMessage("null")
		if Verify(one.Secret, header, one.Body) == nil {
			results[at] = one.Body
		}
	}
	json.NewEncoder(os.Stdout).Encode(results)
}
"""
RUBY = """
require_relative "verify"
results = JSON.parse($stdin.read).map do |one|
  verify(one["secret"], one["headers"], one["body"].unpack1("m"))
rescue ArgumentError
  nil
end
puts JSON.generate(results)
"""
DRIVERS = {
    "verify_standardwebhooks.py": (
        [sys.executable], "driver.py", PYTHON.format(module="verify_standardwebhooks")
    ),
    "verify.py": ([sys.executable], "driver.py", PYTHON.format(module="verify")),
    "verify.mjs": (["node"], "driver.mjs", NODE),
    "verify.php": (["php"], "driver.php", PHP),
    "verify.go": (["go", "run", "verify.go"], "driver.go", GO),
    "verify.rb": (["ruby"], "driver.rb", RUBY),
}  # fmt: skip


def case(signed_with=(NEW,), *, secret=NEW, age=0, body=BODY, **headers):
    """A delivery as a receiver gets it, and the secret it has."""
    now = int(time.time()) - age
    right = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(signed_with, "evt_1", now, BODY),
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in {**right, **named}.items() if value is not None}
    shown = secret if isinstance(secret, str) else show_secret(secret)
    return {"secret": shown, "headers": sent, "body": base64.b64encode(body).decode()}


def good():
    sent = case()["headers"]["webhook-signature"]
    return {
        "plain": case(),
        "the new secret signs first": case((NEW, OLD)),
        "the old one is still in use": case((NEW, OLD), secret=OLD),
        "among versions nobody knows": case(webhook_signature=f"v1a,AAAA v2,x {sent}"),
        "four minutes on the way": case(age=240),
        "a clock four minutes behind": case(age=-240),
    }


def bad():
    key = case()["headers"]["webhook-signature"].removeprefix("v1,")
    return {
        "forged": case((OLD,)),
        "another secret": case(secret=OLD),
        "another body": case(body=BODY.replace(b"2}", b"3}")),
        "written anew": case(body=json.dumps(DATA).encode()),
        "another id": case(webhook_id="evt_2"),
        "six minutes old": case(age=360),
        "six minutes ahead": case(age=-360),
        "another time": case(webhook_timestamp=str(int(time.time()) - 1)),
        "no time": case(webhook_timestamp="now"),
        "no number": case(webhook_timestamp=""),
        "no signature": case(webhook_signature=None),
        "an empty one": case(webhook_signature=""),
        "without its version": case(webhook_signature=key),
        "of another version": case(webhook_signature=f"v1a,{key}"),
        "not ASCII": case(webhook_signature=f"v1,{key[:-2]}é="),
        "the secret for a signature": case(webhook_signature=f"v1,{show_secret(NEW)}"),
        "an empty secret": case((b"\0",), secret="whsec_"),
    }


def test_the_docs_and_the_page_show_the_same_code():
    assert dict(zip(VERIFIERS.values(), verifiers().values(), strict=True)) == SHOWN
    assert set(SHOWN) == set(DRIVERS)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_verifier_takes_what_is_genuine_and_nothing_else(name, tmp_path):
    command, driver, code = DRIVERS[name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (tmp_path / name).write_text(SHOWN[name], "utf-8")
    (tmp_path / driver).write_text(code, "utf-8")
    cases = {**good(), **bad()}

    done = subprocess.run(
        [*command, driver],
        cwd=tmp_path,
        input=json.dumps(list(cases.values())),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    taken = dict(zip(cases, json.loads(done.stdout), strict=True))
    assert taken == {**dict.fromkeys(good(), DATA), **dict.fromkeys(bad())}
