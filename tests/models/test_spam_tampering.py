"""Whatever was done to a model file, it is refused with a sentence, and nothing in it runs."""

import contextlib
import hashlib
import io
import json
import pickle
import shutil
import stat
import struct
import zipfile
import zlib
from random import Random

import numpy as np
import pytest

from models.spam import ModelFileError, artifact, base_path, load

MANIFEST = "manifest.json"
SMALL = ("measured", "mean", "deviation", "intercept")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.npz"
    shutil.copyfile(base_path(), path)
    return path


def refusal(path):
    """Return the sentence a model file is refused with; it names the file and says something."""
    with pytest.raises(ModelFileError) as refused:
        load(path)
    text = str(refused.value)
    assert text.startswith(f"{path.name}: ")
    assert len(text) > len(path.name) + 10
    assert len(text) < 400
    return text


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def sealed(parts, **changes):
    """Return the parts with a manifest that is changed and sealed anew."""
    manifest = {**json.loads(parts[MANIFEST]), **changes}
    manifest.pop("seal")
    manifest["seal"] = artifact._seal(manifest)  # noqa: SLF001 - a forger would have it too
    return {**parts, MANIFEST: json.dumps(manifest).encode()}


def with_array(parts, name, array):
    """Return the parts with another array whose sum is right."""
    packed = io.BytesIO()
    np.lib.format.write_array(packed, array, version=(1, 0), allow_pickle=array.dtype.hasobject)
    sums = json.loads(parts[MANIFEST])["sha256"]
    if not array.dtype.hasobject:
        sums[name] = hashlib.sha256(array.tobytes()).hexdigest()
    return sealed({**parts, f"{name}.npy": packed.getvalue()}, sha256=sums)


def array_of(parts, name):
    return np.load(io.BytesIO(parts[f"{name}.npy"]), allow_pickle=False)


@pytest.mark.parametrize("tenth", range(10))
def test_a_file_cut_off_anywhere_is_refused(file, tenth):
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * tenth // 10])

    refusal(file)


def test_a_file_with_a_part_overwritten_is_refused(file):
    whole, random = file.read_bytes(), Random(11)

    for begin in range(0, len(whole) - 64, len(whole) // 40):
        damaged = bytearray(whole)
        damaged[begin : begin + 64] = random.randbytes(64)
        file.write_bytes(damaged)
        refusal(file)


@pytest.mark.parametrize("name", [MANIFEST, *(f"{name}.npy" for name in artifact._SHAPES)])  # noqa: SLF001 - the file's own list
def test_a_flipped_bit_in_any_member_is_refused_though_the_zip_is_sound(file, name):
    parts = parts_of(file)
    length, random = len(parts[name]), Random(7)

    for place in {0, 7, length - 1, *(random.randrange(length) for _ in range(5))}:
        flipped = bytearray(parts[name])
        flipped[place] ^= 1
        write(file, {**parts, name: bytes(flipped)})
        refusal(file)


def test_a_damaged_zip_directory_never_ends_in_another_error(file):
    whole, random = file.read_bytes(), Random(13)
    directory = whole.index(b"PK\x01\x02")

    for place in range(directory, len(whole), 4):
        damaged = bytearray(whole)
        damaged[place] ^= random.choice((0x01, 0x0E, 0x80, 0xFF))
        file.write_bytes(damaged)
        with contextlib.suppress(ModelFileError):
            load(file)  # a byte nobody reads may change, such as a time stamp


@pytest.mark.parametrize("name", SMALL)
def test_an_array_of_pickled_objects_is_refused_and_never_run(file, tmp_path, name):
    witness = tmp_path / "witness"

    class Bomb:
        def __reduce__(self):
            return (open, (str(witness), "w"))

    write(file, with_array(parts_of(file), name, np.array([Bomb()], dtype=object)))
    assert f"{name} has shape" in refusal(file)

    write(file, {**parts_of(file), f"{name}.npy": pickle.dumps(Bomb())})
    refusal(file)
    assert not witness.exists()


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda a: np.append(a, a.flat[0]).astype(a.dtype), "has shape"),
        (lambda a: a.reshape(1, *a.shape), "has shape"),
        (lambda a: a.astype(np.complex64), "type complex64"),
        (lambda a: a.astype(a.dtype.newbyteorder(">")), "type >f"),
        (lambda a: np.full_like(a, np.nan), "no numbers"),
        (lambda a: np.full_like(a, -np.inf), "no numbers"),
    ],
    ids=["longer", "one dimension more", "complex", "big endian", "nan", "infinity"],
)
def test_an_array_that_does_not_fit_is_refused_by_its_name(file, name, change, why):
    parts = parts_of(file)
    write(file, with_array(parts, name, change(array_of(parts, name))))

    told = refusal(file)

    assert name in told
    assert why in told


def test_an_array_header_that_claims_more_than_there_is_is_refused(file):
    parts = parts_of(file)
    claimed = parts["mean.npy"].replace(
        str(array_of(parts, "mean").shape[0]).encode() + b",", b"9" * 15 + b",", 1
    )
    write(file, {**parts, "mean.npy": claimed})

    refusal(file)


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_a_file_of_another_version_is_refused(file, version):
    write(file, sealed(parts_of(file), schema=version))

    assert "is not of version 1" in refusal(file)


def test_a_file_for_other_feature_code_is_refused_with_the_way_out(file):
    write(file, sealed(parts_of(file), features="0" * 64))

    assert "gatepost model train" in refusal(file)


@pytest.mark.parametrize(
    "changes",
    [
        {"made": "yesterday"},
        {"made": 5},
        {"scripts": 5},
        {"figures": "many"},
        {"sha256": {}},
        {"sha256": []},
    ],
    ids=str,
)
def test_a_manifest_that_makes_no_sense_is_refused(file, changes):
    write(file, sealed(parts_of(file), **changes))

    refusal(file)


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b"9" * 9_999])
def test_a_manifest_that_is_none_is_refused(file, manifest):
    write(file, {**parts_of(file), MANIFEST: manifest})

    refusal(file)


def test_the_manifest_of_another_model_is_refused(file):
    parts = parts_of(file)
    other = with_array(parts, "mean", array_of(parts, "mean") + np.float32(1))
    write(file, {**parts, MANIFEST: other[MANIFEST]})

    assert "mean was changed" in refusal(file)


def test_a_member_that_unpacks_without_end_is_refused(file):
    bomb = {**parts_of(file), "mean.npy": bytes(artifact.LARGEST + 1)}
    write(file, bomb, zipfile.ZIP_DEFLATED)

    assert file.stat().st_size < artifact.LARGEST
    assert "unpacks to more" in refusal(file)


def test_a_bomb_that_lies_about_its_size_is_refused_unread(file):
    parts = parts_of(file)
    write(file, {**parts, "mean.npy": bytes(artifact.LARGEST + 1)}, zipfile.ZIP_DEFLATED)
    lie = struct.pack("<L", len(parts["mean.npy"]))
    truth = struct.pack("<L", artifact.LARGEST + 1)
    file.write_bytes(file.read_bytes().replace(truth, lie))

    refusal(file)


@pytest.mark.parametrize(
    "name", ["extra.npy", "/etc/passwd", "../outside.npy", "mean.npy/", "MEAN.NPY"]
)
def test_a_member_too_many_is_refused_and_nothing_is_unpacked(file, name):
    write(file, {**parts_of(file), name: b"x"})

    assert "does not hold the arrays" in refusal(file)
    assert sorted(file.parent.rglob("*")) == [file]


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # the forger's doing, not ours
def test_a_member_twice_is_refused(file):
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("mean.npy", b"another")

    assert "does not hold the arrays" in refusal(file)


def test_a_member_too_few_is_refused(file):
    parts = parts_of(file)
    del parts["mean.npy"]
    write(file, parts)

    assert "does not hold the arrays" in refusal(file)


def test_a_member_that_is_a_symbolic_link_is_refused(file):
    parts = parts_of(file)
    del parts["mean.npy"]
    write(file, parts)
    link = zipfile.ZipInfo("mean.npy")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(link, "/etc/hostname")

    refusal(file)


@pytest.mark.parametrize("content", [b"", b"PK", b"\0" * 5_000, b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_archive_is_refused(file, content):
    file.write_bytes(content)

    refusal(file)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_a_member_packed_in_a_way_we_do_not_use_is_refused(file, method):
    """The claim alone: the content is what deflate made, so every other way stumbles."""
    parts = parts_of(file)
    write(file, parts, zipfile.ZIP_DEFLATED)
    packed, claim = file.read_bytes(), struct.pack("<H", method)
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = packed.index(mark) + place
        packed = packed[:at] + claim + packed[at + 2 :]
    file.write_bytes(packed)

    refusal(file)


def test_damage_inside_another_packing_is_refused(file):
    write(file, parts_of(file), zipfile.ZIP_BZIP2)
    whole = bytearray(file.read_bytes())
    begin = whole.index(b"hashed.npy") + 1_000
    whole[begin : begin + 400] = Random(5).randbytes(400)
    file.write_bytes(whole)

    refusal(file)


def test_a_folder_is_refused(tmp_path):
    folder = tmp_path / "model.npz"
    folder.mkdir()

    assert "cannot be read as a model file" in refusal(folder)


def test_sums_of_the_zip_itself_are_not_what_protects_the_file(file):
    """The zip's own check sum is right here, and still the change is seen."""
    parts = parts_of(file)
    changed = parts["intercept.npy"][:-1] + bytes([parts["intercept.npy"][-1] ^ 1])
    write(file, {**parts, "intercept.npy": changed})

    with zipfile.ZipFile(file) as archive:
        assert zlib.crc32(changed) == archive.getinfo("intercept.npy").CRC
        assert archive.testzip() is None
    assert "intercept was changed" in refusal(file)
