"""Addresses sealed, indexed, and given away by nothing that prints them."""

import traceback
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import privacy
from service.keys import USES, Key, KeyRing
from service.privacy import EmailAddress, SealError

ADDRESS = EmailAddress("Ana.Souza@Example.org")
UID = b"u" * 16
TODAY = date(2026, 11, 23)


def ring_of(*kids, mark=b"k"):
    return KeyRing(
        Key(kid, use, "active", "2026-11-01", (mark + use.encode() + bytes([kid])).ljust(32, b"."))
        for use in USES
        for kid in kids
    )


RING = ring_of(1)


def seal(address=ADDRESS, site_id=1, uid=UID, ring=RING):
    return privacy.seal(address, site_id=site_id, uid=uid, ring=ring)


def unseal(sealed, site_id=1, uid=UID, ring=RING):
    return privacy.open_sealed(sealed, site_id=site_id, uid=uid, ring=ring)


@given(st.emails(), st.integers(0, 2**40), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_opens_again(address, site_id, uid):
    sealed = seal(EmailAddress(address), site_id, uid)
    assert unseal(sealed.ciphertext, site_id, uid).reveal() == address
    assert len(sealed.ciphertext) <= 400
    assert address.encode() not in sealed.ciphertext


def test_the_same_address_is_sealed_differently_each_time():
    assert seal().ciphertext != seal().ciphertext


def test_length_tells_nothing_within_32_bytes():
    lengths = {len(seal(EmailAddress("a" * n + "@b.org")).ciphertext) for n in range(1, 25)}
    assert len(lengths) == 1


@pytest.mark.parametrize(("site_id", "uid"), [(2, UID), (1, b"v" * 16)])
def test_a_value_of_another_row_or_site_does_not_open(site_id, uid):
    with pytest.raises(SealError):
        unseal(seal().ciphertext, site_id, uid)


def test_a_damaged_value_does_not_open():
    sealed = seal().ciphertext
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(SealError):
            unseal(bytes(broken))
    for cut in range(len(sealed)):
        with pytest.raises(SealError):
            unseal(sealed[:cut])


def test_an_older_key_still_opens_and_the_newest_seals():
    old = seal()
    both = ring_of(1, 2)
    assert unseal(old.ciphertext, ring=both).reveal() == ADDRESS.reveal()
    assert seal(ring=both).kid == 2


def test_an_address_never_prints_itself():
    shown = [repr(ADDRESS), str(ADDRESS), f"{ADDRESS}", f"{ADDRESS:>40}", f"{[ADDRESS]}"]
    shown += traceback.format_exception(ValueError(ADDRESS))
    assert all("Souza" not in text and "Example" not in text for text in shown)


@pytest.mark.parametrize(
    "other", ["ana.souza@example.org", "ANA.SOUZA@EXAMPLE.ORG", "Ana.Souza@EXAMPLE.org"]
)
def test_one_mailbox_has_one_index(other):
    index = privacy.blind_index(ADDRESS, site_id=1, ring=RING)
    assert privacy.blind_index(EmailAddress(other), site_id=1, ring=RING) == index


def test_an_international_domain_has_one_index():
    forms = ("ana@bücher.example", "ana@xn--bcher-kva.example")
    assert len({privacy.blind_index(EmailAddress(f), site_id=1, ring=RING) for f in forms}) == 1


def test_two_sites_cannot_be_joined_by_the_index():
    one, two = (privacy.blind_index(ADDRESS, site_id=n, ring=RING) for n in (1, 2))
    assert one != two


@given(st.text(alphabet="abcdefghijkmnpqrstuvwxyz23456789", min_size=1, max_size=16))
def test_a_receipt_leads_back_to_its_comment(public_id):
    token = privacy.receipt_token(public_id, RING)
    assert privacy.read_receipt_token(token, RING) == public_id
    assert privacy.read_receipt_token(token, ring_of(1, mark=b"x")) is None


@given(st.text(max_size=60))
def test_no_other_text_is_a_receipt(token):
    assert privacy.read_receipt_token(token, RING) is None


def test_a_receipt_is_of_one_comment_and_outlives_its_key():
    token = privacy.receipt_token("abc", RING)
    assert privacy.read_receipt_token(token.replace("abc", "abd"), RING) is None
    assert privacy.read_receipt_token(token, ring_of(1, 2)) == "abc"
    assert privacy.read_receipt_token(token.replace(".1.", ".2."), ring_of(1, 2)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("no address", "", True),
    ],
)
def test_networks_are_told_apart_as_they_should(one, other, same):
    found = [privacy.network_id(address, TODAY, RING) for address in (one, other)]
    assert (found[0] == found[1]) is same


def test_yesterdays_network_is_not_todays():
    days = (TODAY, replace_day(TODAY))
    assert len({privacy.network_id("198.51.100.7", day, RING) for day in days}) == 2


def replace_day(day):
    return day.replace(day=day.day - 1)


def test_a_fingerprint_depends_on_the_ring():
    rings = (RING, ring_of(1, mark=b"x"))
    assert len({privacy.fingerprint(b"body", ring) for ring in rings}) == 2


@given(st.emails(), st.text(max_size=20), st.text(max_size=20))
def test_scrubbing_leaves_no_address(address, before, after):
    local = address.partition("@")[0]
    scrubbed = privacy.scrub(f"{before} {address} {after}")
    assert address not in scrubbed
    assert "<email>" in scrubbed or not local


def test_a_sealed_value_is_frozen():
    sealed = seal()
    assert replace(sealed, kid=2).ciphertext == sealed.ciphertext
