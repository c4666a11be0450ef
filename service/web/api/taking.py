"""From a request to a form: JSON and query strings, strict, with every mistake named at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FieldList, FloatField, Form, FormField, IntegerField

from service.errors import InvalidError
from service.http.bodies import MAX_DIGITS

Errors = dict[str, list[str]]
Fields = MultiDict[str, str]

NO_FIELD = "There is no such field."
NO_PARAMETER = "There is no such parameter."
ONCE = "Send this once."
FLAGS = ("true", "false")


def form_of_json(kind: type[Form], body: Mapping[str, Any]) -> Form:
    """Return the checked form of a JSON body.

    Raises:
        InvalidError: all that is wrong: unknown fields, values of another type, what the form
            itself refuses. A field inside a list is named like `decisions.0.version`.
    """
    errors: Errors = {}
    fields: Fields = MultiDict()
    _take_object(kind(), body, ("", ""), (fields, errors))
    if errors:
        raise InvalidError(errors)
    return _checked(kind(fields))


def form_of_query(kind: type[Form], values: MultiDict[str, str]) -> Form:
    """Return the checked form of a query string.

    Raises:
        InvalidError: an unknown parameter, one sent twice, or what the form refuses.
    """
    errors: Errors = {}
    shape = {field.short_name: field for field in kind()}
    for name, given in values.lists():
        field = shape.get(name)
        if field is None:
            errors[name] = [NO_PARAMETER]
        elif len(given) > 1:
            errors[name] = [ONCE]
        elif (message := _unlike(field, given[0])) is not None:
            errors[name] = [message]
    if errors:
        raise InvalidError(errors)
    return _checked(kind(values))


def _checked(form: Form) -> Form:
    form.validate()
    errors: Errors = {}
    for name, told in form.errors.items():
        _tell(str(name), told, errors)
    if errors:
        raise InvalidError(errors)
    return form


def _tell(name: str, told: Any, errors: Errors) -> None:
    """Write messages of nested fields under names with dots."""
    if isinstance(told, Mapping):
        for inner, messages in told.items():
            _tell(f"{name}.{inner}", messages, errors)
    elif told and isinstance(told, Sequence):
        texts = [message for message in told if not isinstance(message, (Mapping, list))]
        if texts:
            errors[name] = texts
        for place, messages in enumerate(told):
            if isinstance(messages, (Mapping, list)):
                _tell(f"{name}.{place}", messages, errors)


def _unlike(field: Field, text: str) -> str | None:
    """Say what is wrong with a text that a query string has for a field."""
    digits = text.removeprefix("-")
    if isinstance(field, IntegerField):
        whole = digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS
        return None if whole else "This must be a whole number."
    if isinstance(field, BooleanField):
        return None if text in FLAGS else "This must be true or false."
    return None


def _take_object(
    shape: Any, given: Mapping[str, Any], name: tuple[str, str], into: tuple[Fields, Errors]
) -> None:
    """Write an object's values as a form sends them.

    Args:
        shape: an unfilled form.
        name: what stands before the fields' names, for the form and for the caller.
        into: what the form is made of, and what is wrong.
    """
    known = {field.short_name: field for field in shape}
    for key, value in given.items():
        field = known.get(key)
        if field is None:
            into[1][f"{name[1]}{key}"] = [NO_FIELD]
        elif value is not None or key not in getattr(shape, "MAYBE", ()):
            _take(field, value, (f"{name[0]}{key}", f"{name[1]}{key}"), into)


def _take(field: Field, value: Any, name: tuple[str, str], into: tuple[Fields, Errors]) -> None:
    if isinstance(field, FormField):
        if isinstance(value, Mapping):
            _take_object(field.form, value, (f"{name[0]}-", f"{name[1]}."), into)
        else:
            into[1][name[1]] = ["This must be an object."]
    elif isinstance(field, FieldList):
        _take_list(field, value, name, into)
    else:
        _take_plain(field, value, name, into)


def _take_list(
    field: "FieldList[Any]", value: Any, name: tuple[str, str], into: tuple[Fields, Errors]
) -> None:
    if not isinstance(value, list):
        into[1][name[1]] = ["This must be a list."]
        return
    shape = field.append_entry()
    for place, inner in enumerate(value):
        _take(shape, inner, (f"{name[0]}-{place}", f"{name[1]}.{place}"), into)


def _take_plain(
    field: Field, value: Any, name: tuple[str, str], into: tuple[Fields, Errors]
) -> None:
    kinds: Sequence[tuple[type, Callable[[Any], bool], str]] = (
        (BooleanField, lambda one: isinstance(one, bool), "This must be true or false."),
        (IntegerField, _is_whole, "This must be a whole number."),
        (
            FloatField,
            lambda one: _is_whole(one) or isinstance(one, float),
            "This must be a number.",
        ),
        (Field, lambda one: isinstance(one, str), "This must be a text."),
    )
    fits, message = next((fits, told) for kind, fits, told in kinds if isinstance(field, kind))
    if not fits(value):
        into[1][name[1]] = [message]
    else:
        into[0][name[0]] = str(value).lower() if isinstance(value, bool) else str(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
