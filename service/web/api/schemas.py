"""JSON Schema: a few words for answers, and what a form says of itself."""

from collections.abc import Callable, Mapping
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    Field,
    FieldList,
    FloatField,
    Form,
    FormField,
    IntegerField,
)
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Regexp

from service.web.api.declaring import Schema
from service.web.api.moments import MomentField

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
URL: Schema = {"type": "string", "format": "uri"}


def thing(**properties: Schema) -> Schema:
    """Return the schema of an object that has exactly these properties, all of them."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def named(name: str, schema: Schema) -> Schema:
    """Return a schema that stands under this name in the document, wherever it is used."""
    return {"title": name, **schema}


def said(schema: Schema, about: str) -> Schema:
    """Return a schema with what it means at this place; a name that it bears stays its own."""
    own = {"anyOf": [schema]} if "title" in schema else schema
    return {**own, "description": about}


def more(schema: Schema, **properties: Schema) -> Schema:
    """Return the schema of such an object with more properties, all of them there."""
    return thing(**schema["properties"], **properties)


def maybe(schema: Schema) -> Schema:
    """Return the schema of something or null."""
    if isinstance(schema.get("type"), str) and not {"enum", "title"} & set(schema):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def one_of(values: Any, about: str = "") -> Schema:
    """Return the schema of one of these words."""
    told = {"type": "string", "enum": [str(value) for value in values]}
    return {**told, "description": about} if about else told


def list_of(schema: Schema) -> Schema:
    """Return the schema of a list that comes whole, named after what stands in it."""
    return named(f"{schema['title']}List", thing(items=many(schema)))


def page_of(schema: Schema) -> Schema:
    """Return the schema of a page of a list, named after what stands in it."""
    name = schema["title"].removeprefix("Listed")
    return named(f"{name}Page", thing(items=many(schema), next=maybe(TEXT)))


def schema_of(form: Form) -> Schema:
    """Return the schema of a JSON body that a form takes: the form's own rules in other words.

    What a form checks in methods of its own it tells in `TOLD` (schemas by field) and in
    `REQUIRED` (names of fields); which fields take null stands in `MAYBE`.
    """
    told: Mapping[str, Schema] = getattr(form, "TOLD", {})
    properties = {
        field.short_name: {**schema_of_field(field), **told.get(field.short_name, {})}
        for field in form
    }
    for name in getattr(form, "MAYBE", ()):
        properties[name] = maybe(properties[name])
    required = [field.short_name for field in form if is_required(form, field)]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def schema_of_field(field: Field) -> Schema:
    """Return the schema of one field, by its kind and its validators."""
    schema = dict(_shape(field))
    for validator in field.validators:
        for kind, tell in _RULES.items():
            if isinstance(validator, kind):
                schema |= tell(validator, schema)
    if field.description:
        schema["description"] = str(field.description)
    return schema


def is_required(form: Form, field: Field) -> bool:
    """Say whether a field must be sent."""
    wanted = any(isinstance(validator, InputRequired) for validator in field.validators)
    return wanted or field.short_name in getattr(form, "REQUIRED", ())


def _shape(field: Field) -> Schema:
    if isinstance(field, FormField):
        return schema_of(field.form)
    if isinstance(field, FieldList):
        return {"type": "array", "items": schema_of_field(field.append_entry())}
    kinds = {
        BooleanField: YES_OR_NO,
        IntegerField: WHOLE,
        FloatField: NUMBER,
        DateField: DAY,
        MomentField: MOMENT,
    }
    return next((schema for kind, schema in kinds.items() if isinstance(field, kind)), TEXT)


def _length(rule: Length, schema: Schema) -> Schema:
    least, most = (
        ("minItems", "maxItems") if schema["type"] == "array" else ("minLength", "maxLength")
    )
    told = {least: rule.min, most: rule.max}
    return {name: value for name, value in told.items() if value not in (-1, None)}


def _range(rule: NumberRange, _schema: Schema) -> Schema:
    told = {"minimum": rule.min, "maximum": rule.max}
    return {name: value for name, value in told.items() if value is not None}


_RULES: Mapping[type, Callable[[Any, Schema], Schema]] = {
    Length: _length,
    NumberRange: _range,
    AnyOf: lambda rule, _schema: {"enum": [str(value) for value in rule.values]},
    Regexp: lambda rule, _schema: {"pattern": rule.regex.pattern},
}
