"""The spam model: a comment in, a probability and its reasons out.

What is imported here scores with numpy alone. Training and measuring (`train`, `evaluate`,
`card`) need scikit-learn and are imported by name where they are wanted.
"""

from models.spam.artifact import ModelFileError, base_path, load, load_base
from models.spam.document import Document
from models.spam.pipeline import SpamModel
from models.spam.score import Band, Reason, Score

__all__ = [
    "Band",
    "Document",
    "ModelFileError",
    "Reason",
    "Score",
    "SpamModel",
    "base_path",
    "load",
    "load_base",
]
