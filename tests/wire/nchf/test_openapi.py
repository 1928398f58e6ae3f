"""The OpenAPI document says what the types are, and its examples are what it says."""

from importlib import resources
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml

from eka.wire.nchf import types

DOCUMENT = yaml.safe_load(resources.files("eka.wire.nchf").joinpath("openapi.yaml").read_bytes())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
STRUCTS = {
    name: struct
    for name, struct in vars(types).items()
    if isinstance(struct, type)
    and issubclass(struct, msgspec.Struct)
    and struct.__module__ == types.__name__
    and not name.startswith("_")
}


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 in terms of JSON Schema: nullable is a type of its own there."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


def validator(name: str) -> jsonschema_rs.Draft7Validator:
    components = {"schemas": as_json_schema(SCHEMAS)}
    return jsonschema_rs.Draft7Validator(
        {"$ref": f"#/components/schemas/{name}", "components": components}
    )


def test_every_type_is_described() -> None:
    assert STRUCTS.keys() == {name for name, schema in SCHEMAS.items() if "properties" in schema}


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_a_type_has_the_fields_that_the_document_names(name: str) -> None:
    info = msgspec.inspect.type_info(STRUCTS[name])
    assert isinstance(info, msgspec.inspect.StructType)
    assert {field.encode_name for field in info.fields} == SCHEMAS[name]["properties"].keys()
    required = {field.encode_name for field in info.fields if field.required}
    assert required == set(SCHEMAS[name].get("required", []))


def examples() -> list[Any]:
    shown = {**DOCUMENT["components"]["examples"]}
    callback = DOCUMENT["paths"]["/nchf-convergedcharging/v3/chargingdata"]["post"]["callbacks"]
    notice = callback["notification"]["{$request.body#/notifyUri}"]["post"]["requestBody"]
    requests = [
        ("ChargingDataRequest", name) for name in ("First", "Used", "Event") if name in shown
    ]
    answers = [("ChargingDataResponse", name) for name in ("Granted", "LastGrant", "Refused")]
    assert {name for _, name in requests + answers} == shown.keys()
    notices = notice["content"]["application/json"]["examples"]
    return [
        *(pytest.param(type_, shown[name]["value"], id=name) for type_, name in requests + answers),
        *(
            pytest.param("ChargingNotifyRequest", notice["value"], id=name)
            for name, notice in notices.items()
        ),
    ]


@pytest.mark.parametrize(("type_", "example"), examples())
def test_an_example_is_what_document_and_types_say(type_: str, example: dict[str, Any]) -> None:
    validator(type_).validate(example)
    typed = msgspec.convert(example, STRUCTS[type_])
    # Nothing in it is passed over: what is written back is the example.
    assert msgspec.json.decode(msgspec.json.encode(typed)) == example


def test_times_are_told_by_the_same_pattern() -> None:
    info = msgspec.inspect.type_info(types.DateTime)
    assert isinstance(info, msgspec.inspect.StrType)
    assert info.pattern == SCHEMAS["DateTime"]["pattern"]
