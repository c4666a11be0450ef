"""A model file is used whole and unchanged, or not at all."""

import hashlib
import io
import json
import pickle
import zipfile
from datetime import date

import numpy as np
import pytest

from models.spam import Document, ModelFileError, SpamModel, artifact, base_path, load, load_base
from models.spam.making.train import fit
from tests.models.spam_samples import samples


@pytest.fixture(scope="module")
def trained():
    rows = samples()
    return fit(rows, rows, made=date(2020, 1, 2)).model


@pytest.fixture
def file(trained, tmp_path):
    path = tmp_path / "model.npz"
    artifact.save(trained, path)
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def packed(array):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0))
    return buffer.getvalue()


def resealed(path, name, array=None, **changes):
    """Change an array or the manifest as somebody would who knows the format."""
    parts = members(path)
    manifest = json.loads(parts["manifest.json"])
    manifest.update(changes)
    if array is not None:
        parts[f"{name}.npy"] = packed(array)
        manifest["sha256"][name] = hashlib.sha256(array.tobytes()).hexdigest()
    manifest.pop("seal")
    manifest["seal"] = artifact._seal(manifest)  # noqa: SLF001 - a forger would have it too
    parts["manifest.json"] = json.dumps(manifest).encode()
    write(path, parts)


def test_a_model_scores_the_same_after_its_way_through_the_file(trained, file):
    again = load(file)

    for sample in samples():
        before, after = trained.score(sample.document), again.score(sample.document)
        assert after.logit == pytest.approx(before.logit, abs=0.01)  # 16-bit weights
    assert (again.name, again.card.made) == ("base 2020-01-02", "2020-01-02")
    assert again.card.scripts == trained.card.scripts


def test_the_same_model_gives_the_same_bytes(trained, file, tmp_path):
    artifact.save(trained, tmp_path / "again.npz")

    assert (tmp_path / "again.npz").read_bytes() == file.read_bytes()


def test_the_shipped_model_fits_the_code_else_retrain():
    try:
        model = load_base()
    except ModelFileError as error:
        pytest.fail(f"{error}; run: gatepost model train FOLDER --out models/spam/base")

    assert isinstance(model, SpamModel)
    assert base_path().stat().st_size <= 4 * 1024 * 1024
    assert base_path().with_name("CARD.md").read_text(encoding="utf-8").count(model.name) == 1


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match="cannot be read"):
        load(tmp_path / "none.npz")


@pytest.mark.parametrize("keep", [0, 10, 1_000, -30])
def test_a_file_cut_off_is_refused(file, keep):
    file.write_bytes(file.read_bytes()[:keep])

    with pytest.raises(ModelFileError):
        load(file)


def test_no_single_byte_can_change_unseen(trained, file):
    whole = file.read_bytes()
    document = Document("Play casino now http://casino.example", "Ann")
    right = load(file).score(document).logit

    for place in range(0, len(whole), max(1, len(whole) // 150)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        file.write_bytes(damaged)
        try:
            found = load(file).score(document).logit
        except ModelFileError:
            continue
        assert found == right  # a byte nobody reads, such as a time stamp in the zip


def test_a_pickle_is_refused_and_never_run(tmp_path):
    path, witness = tmp_path / "model.npz", tmp_path / "witness"

    class Bomb:
        def __reduce__(self):
            return (open, (str(witness), "w"))

    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError):
        load(path)
    parts = {f"{name}.npy": packed_objects(Bomb()) for name in artifact._SHAPES}  # noqa: SLF001 - looked at from inside on purpose
    write(path, {"manifest.json": b"{}", **parts})
    with pytest.raises(ModelFileError):
        load(path)

    assert not witness.exists()


def packed_objects(thing):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([thing], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def test_an_array_of_objects_in_an_else_sound_file_is_refused(file):
    parts = members(file)
    parts["hashed.npy"] = packed_objects("x")
    write(file, parts)

    with pytest.raises(ModelFileError, match="hashed has shape"):
        load(file)


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("hashed", lambda a: a[:-1], "shape"),
        ("hashed", lambda a: a.astype(np.float32), "type"),
        ("mean", lambda a: a.reshape(1, -1), "shape"),
        ("rarity", lambda a: np.full_like(a, np.nan), "no numbers"),
        ("deviation", np.zeros_like, "no spread"),
    ],
)
def test_an_array_of_another_make_is_refused(file, name, change, why):
    with zipfile.ZipFile(file) as archive:
        array = np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
    resealed(file, name, change(array))

    with pytest.raises(ModelFileError, match=why):
        load(file)


def test_a_changed_array_is_refused(file):
    parts = members(file)
    parts["measured.npy"] = parts["measured.npy"][:-4] + b"\0\0\x80?"
    write(file, parts)

    with pytest.raises(ModelFileError, match="measured was changed"):
        load(file)


def test_a_changed_manifest_is_refused(file):
    parts = members(file)
    parts["manifest.json"] = parts["manifest.json"].replace(b"base 2020", b"base 2099")
    write(file, parts)

    with pytest.raises(ModelFileError, match="manifest was changed"):
        load(file)


def test_another_version_is_refused(file):
    resealed(file, "", schema=2)

    with pytest.raises(ModelFileError, match="not of version 1"):
        load(file)


def test_weights_for_other_feature_code_are_refused_with_the_way_out(file):
    resealed(file, "", features="0" * 64)

    with pytest.raises(ModelFileError, match="retrain"):
        load(file)


def test_a_file_that_unpacks_without_end_is_refused(file):
    parts = members(file)
    parts["mean.npy"] = bytes(artifact.LARGEST + 1)
    write(file, parts)

    with pytest.raises(ModelFileError, match="unpacks to more"):
        load(file)


def test_a_file_that_is_too_large_is_refused(file):
    with file.open("r+b") as opened:
        opened.truncate(artifact.LARGEST + 1)

    with pytest.raises(ModelFileError, match="larger than"):
        load(file)


def test_a_file_with_other_members_is_refused(file):
    write(file, {**members(file), "extra.npy": b"x"})

    with pytest.raises(ModelFileError, match="does not hold"):
        load(file)
