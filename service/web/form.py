"""Door under construction."""

from flask import Blueprint

bp = Blueprint("form", __name__)
