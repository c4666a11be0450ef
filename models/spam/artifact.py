"""The model file: plain arrays in a zip with a manifest, read without pickle, checked whole.

ModelFileError: the file is missing, too large, cut off, changed, of another make, or was
trained for other feature code than this.

The check sums find damage and mix-ups. They are no signature: whoever may write the file may
write its sums, so the file is as trustworthy as the folder it lies in.
"""

import hashlib
import io
import json
import math
import zipfile
import zlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spam.features import WIDTH
from models.spam.pipeline import Card, SpamModel, Weights
from models.spam.structure import MEASURES

FILE_NAME = "model.npz"
SCHEMA = 1
LARGEST = 64 * 1024 * 1024
"""Bytes, packed and unpacked alike."""
FEATURE_CODE = (
    "alphabets.py",
    "document.py",
    "features.py",
    "hashing.py",
    "links.py",
    "structure.py",
    "text.py",
)
"""Files that decide which number means what: weights fit this code and no other."""

_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 256 * 1024
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_SHAPES: dict[str, tuple[str, tuple[int, ...]]] = {
    "hashed": ("<f2", (WIDTH,)),
    "rarity": ("<f2", (WIDTH,)),
    "measured": ("<f4", (len(MEASURES),)),
    "mean": ("<f4", (len(MEASURES),)),
    "deviation": ("<f4", (len(MEASURES),)),
    "intercept": ("<f8", ()),
}


class ModelFileError(Exception):
    """This file is not a model we can use; the text says why."""


@cache
def feature_code() -> str:
    """Return a hash of the source that turns comments into numbers."""
    digest = hashlib.sha256()
    for name in FEATURE_CODE:
        source = (Path(__file__).parent / name).read_bytes()
        digest.update(source.replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def base_path() -> Path:
    """Return where the shipped model lies."""
    return Path(__file__).parent / "base" / FILE_NAME


def load_base() -> SpamModel:
    """Load the shipped model.

    Raises:
        ModelFileError: it is damaged, or the feature code was changed without retraining.
    """
    return load(base_path())


def save(model: SpamModel, path: Path) -> None:
    """Write a model; the same model gives the same bytes."""
    arrays = {
        name: np.asarray(getattr(model.weights, name), dtype=dtype)
        for name, (dtype, _) in _SHAPES.items()
    }
    manifest = {
        "schema": SCHEMA,
        "features": feature_code(),
        "name": model.card.name,
        "made": model.card.made,
        "scripts": sorted(model.card.scripts),
        "figures": model.card.figures,
        "sha256": {
            name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()
        },
    }
    manifest["seal"] = _seal(manifest)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _put(archive, _MANIFEST, json.dumps(manifest, sort_keys=True, indent=1).encode())
        for name, array in arrays.items():
            packed = io.BytesIO()
            np.lib.format.write_array(packed, array, version=(1, 0), allow_pickle=False)
            _put(archive, f"{name}.npy", packed.getvalue())


def load(path: Path) -> SpamModel:
    """Read a model file and check all of it.

    Raises:
        ModelFileError: see the module's text.
    """
    try:
        return _checked(path)
    except ModelFileError as error:
        raise ModelFileError(f"{path.name}: {error}") from None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ModelFileError(f"{path.name}: cannot be read as a model file ({error})") from error
    except (ValueError, KeyError, TypeError, NotImplementedError, RuntimeError) as error:
        # zlib, json and numpy each have their own way to say that bytes make no sense.
        raise ModelFileError(f"{path.name}: damaged ({error})") from error


def _checked(path: Path) -> SpamModel:
    if path.stat().st_size > LARGEST:
        raise ModelFileError(f"larger than {LARGEST} bytes")
    with zipfile.ZipFile(path) as archive:
        return _model(archive)


def _model(archive: zipfile.ZipFile) -> SpamModel:
    expected = {_MANIFEST, *(f"{name}.npy" for name in _SHAPES)}
    if sorted(archive.namelist()) != sorted(expected):
        raise ModelFileError("does not hold the arrays of a spam model")
    if {member.compress_type for member in archive.infolist()} - _PACKINGS:
        raise ModelFileError("is packed in a way we do not use")
    if sum(member.file_size for member in archive.infolist()) > LARGEST:
        raise ModelFileError(f"unpacks to more than {LARGEST} bytes")
    manifest = _manifest(archive)
    arrays = {name: _array(archive, name, manifest["sha256"]) for name in _SHAPES}
    if not np.all(arrays["deviation"] > 0):
        raise ModelFileError("a measure has no spread")
    intercept = float(arrays.pop("intercept"))
    return SpamModel(
        Weights(**arrays, intercept=intercept),
        Card(
            name=str(manifest["name"]),
            made=date.fromisoformat(manifest["made"]).isoformat(),
            scripts=frozenset(map(str, manifest["scripts"])),
            figures=dict(manifest["figures"]),
        ),
    )


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    if archive.getinfo(_MANIFEST).file_size > _LARGEST_MANIFEST:
        raise ModelFileError("its manifest is too long")
    manifest = json.loads(archive.read(_MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise ModelFileError(f"is not of version {SCHEMA}")
    if manifest.pop("seal", None) != _seal(manifest):
        raise ModelFileError("its manifest was changed")
    if manifest["features"] != feature_code():
        raise ModelFileError("was trained for other feature code: retrain (gatepost model train)")
    return manifest


def _array(archive: zipfile.ZipFile, name: str, sums: dict[str, str]) -> NDArray[Any]:
    """Read one array, trusting nothing its header says beyond what we expect."""
    dtype, shape = _SHAPES[name]
    packed = io.BytesIO(archive.read(f"{name}.npy"))
    if np.lib.format.read_magic(packed) != (1, 0):
        raise ModelFileError(f"{name} is of another array format")
    stored_shape, fortran, stored_dtype = np.lib.format.read_array_header_1_0(packed)
    if (stored_shape, fortran, stored_dtype) != (shape, False, np.dtype(dtype)):
        raise ModelFileError(f"{name} has shape {stored_shape} and type {stored_dtype}")
    content = packed.read()
    if len(content) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ModelFileError(f"{name} is cut off")
    if hashlib.sha256(content).hexdigest() != sums[name]:
        raise ModelFileError(f"{name} was changed")
    array = np.frombuffer(content, dtype=dtype).reshape(shape)
    if not np.all(np.isfinite(array)):
        raise ModelFileError(f"{name} holds values that are no numbers")
    return array


def _seal(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _ZIP_EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, content, compresslevel=9)
