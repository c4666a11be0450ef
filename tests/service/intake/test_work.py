"""Proof of work: ALTCHA's format, solved honestly, and everything that only looks solved."""

import hashlib
import hmac
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.intake.tickets import issue
from service.intake.work import challenge, solved
from service.web.context import HOUSE
from tests.siege import PACE, encoded, proof_of, solve


@pytest.fixture
def house(make_app, sqlite_url):
    return make_app(sqlite_url, **PACE).extensions[HOUSE]


@pytest.fixture
def ticket(house):
    return issue(house, 1, "/amazon")


def test_a_challenge_has_altchas_parts(house, ticket):
    found = challenge(house, ticket)

    assert list(found) == ["algorithm", "challenge", "maxnumber", "salt", "signature"]
    assert (found["algorithm"], found["maxnumber"]) == ("SHA-256", 200)
    assert len(bytes.fromhex(found["challenge"])) == len(bytes.fromhex(found["signature"])) == 32
    salt, _, ending = found["salt"].partition("?")
    assert len(salt) == 24
    assert ending == f"expires={round(house.now().timestamp()) + 24 * 3600}&"
    json.dumps(found)


def test_a_solution_found_by_trying_all_numbers_is_one(house, ticket):
    assert solved(house, ticket, proof_of(challenge(house, ticket)))


def test_what_altchas_own_widget_adds_is_no_harm(house, ticket):
    assert solved(house, ticket, proof_of(challenge(house, ticket), took=412, maxnumber=200))


def test_the_numbers_are_spread_over_all_that_are_to_be_tried(house, ticket):
    numbers = [solve(challenge(house, ticket)) for _ in range(200)]
    assert min(numbers) < 40
    assert max(numbers) > 160
    assert 70 < sum(numbers) / len(numbers) < 130


def test_a_solution_frees_the_ticket_it_was_made_for_alone(house, ticket):
    proof = proof_of(challenge(house, ticket))

    assert not solved(house, issue(house, 1, "/amazon"), proof)


def test_a_solution_ends_with_its_time(house, ticket, clock):
    proof = proof_of(challenge(house, ticket))
    clock.move(hours=24)

    assert not solved(house, ticket, proof)


def test_a_part_of_the_salt_cannot_be_passed_off_as_the_number(house, ticket, clock):
    made = challenge(house, ticket)
    number = solve(made)
    clock.move(hours=25)
    stem, _, ending = made["salt"].partition("?")
    later = round(house.now().timestamp()) + 60

    assert not solved(house, ticket, proof_of(made, salt=f"{stem}?", number=f"{ending}{number}"))
    assert not solved(house, ticket, proof_of(made, salt=stem, number=f"?{ending}{number}"))
    assert not solved(house, ticket, proof_of(made, salt=f"{stem}?expires={later}&"))


def test_a_digit_cannot_move_from_the_number_to_the_time(house, ticket, clock):
    made = challenge(house, ticket)
    while solve(made) < 10:
        made = challenge(house, ticket)
    number = str(solve(made))
    clock.move(hours=25)
    unended = made["salt"].removesuffix("&")

    assert not solved(
        house, ticket, proof_of(made, salt=unended + number[0], number=int(number[1:]))
    )


def test_a_challenge_of_somebody_else_is_none(house, ticket):
    made = challenge(house, ticket)
    own = hmac.digest(b"my own key", made["challenge"].encode(), hashlib.sha256).hex()

    assert not solved(house, ticket, proof_of(made, signature=own))


WRONG = [
    ("algorithm", "SHA-1"),
    ("algorithm", None),
    ("challenge", "0" * 64),
    ("challenge", "\u00e9" * 64),
    ("challenge", 7),
    ("signature", "0" * 64),
    ("signature", "\ud800"),
    ("signature", []),
    ("salt", ""),
    ("salt", None),
    ("salt", "x" * 24),
    ("number", -1),
    ("number", 1.5),
    ("number", True),
    ("number", "1"),
    ("number", None),
    ("number", 10**300),
]


@pytest.mark.parametrize(
    ("name", "value"), WRONG, ids=[f"{name} {value!r:.12}" for name, value in WRONG]
)
def test_a_proof_with_a_wrong_part_is_none(house, ticket, name, value):
    assert not solved(house, ticket, proof_of(challenge(house, ticket), **{name: value}))


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "AAAA",
        "not base64",
        "\u00e9",
        encoded(None),
        encoded([]),
        encoded({}),
        encoded("a text"),
        encoded({"algorithm": "SHA-256"}),
        "A" * 1_000_000,
        "W1tb" * 249,
    ],
    ids=[
        "empty",
        "no JSON",
        "no base64",
        "no ASCII",
        "null",
        "a list",
        "no parts",
        "a text",
        "one part",
        "endless",
        "nested deep",
    ],
)
def test_what_is_no_proof_at_all_is_none(house, ticket, proof):
    assert not solved(house, ticket, proof)


def test_a_proof_nested_deep_is_none_however_deep_the_caller_stands(house, ticket):
    def below(frames):
        return solved(house, ticket, "W1tb" * 249) if frames == 0 else below(frames - 1)

    assert not below(600)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    told=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.dictionaries(
            st.sampled_from(["algorithm", "challenge", "number", "salt", "signature"]), inner
        ),
    )
)
def test_no_proof_makes_a_fault(house, ticket, told):
    assert not solved(house, ticket, encoded(told))
