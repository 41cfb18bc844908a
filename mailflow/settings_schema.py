"""The settings as a JSON schema (draft 2020-12), by which editors complete and check settings.yaml."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from mailflow.installation import CompaniesSettings
from mailflow.settings import Settings

_FROM_ELSEWHERE = {"type": "string", "pattern": r"\$\{.+\}"}
_TIME_OF_DAY = {"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"}


def settings_schema() -> dict[str, Any]:
    """The schema of the whole file: of one company, or one that names the files of several.

    What it lets pass may still be wrong: servers, files and people are for `check`.
    """
    of_one, of_several = (Settings, "validation"), (CompaniesSettings, "validation")
    made, shared = models_json_schema([of_one, of_several], schema_generator=_AsWritten)  # type: ignore[list-item]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mailflow's settings",
        "if": {"required": ["companies"]},
        "then": made[of_several],  # type: ignore[index]
        "else": made[of_one],  # type: ignore[index]
        **shared,
    }


def packaged_schema() -> Path:
    """The schema's file that comes with mailflow: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "docs" / "settings.schema.json"
    return inside if inside.is_file() else Path(__file__).parents[1] / "docs" / "settings.schema.json"


class _AsWritten(GenerateJsonSchema):
    """What may stand in the file: digits for a text, ${NAME} for a number, nothing for a default."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return {**super().str_schema(schema), "type": ["string", "number"]}

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"anyOf": [super().int_schema(schema), _FROM_ELSEWHERE]}

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), _FROM_ELSEWHERE]}

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"anyOf": [{"type": "number", "minimum": 0}, _FROM_ELSEWHERE]}

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return {"anyOf": [super().bool_schema(schema), _FROM_ELSEWHERE]}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        return {"anyOf": [super().enum_schema(schema), _FROM_ELSEWHERE]}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return {"anyOf": [super().literal_schema(schema), _FROM_ELSEWHERE]}

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        return dict(_TIME_OF_DAY)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        default = {"default": made.pop("default")} if made.get("default") is not None else {}
        made.pop("default", None)
        allowed = made["anyOf"] if list(made) == ["anyOf"] else [made]
        return {"anyOf": [*(each for each in allowed if each != {"type": "null"}), {"type": "null"}], **default}

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, time):
            return f"{dft:%H:%M}"
        return super().encode_default(dft.get_secret_value() if isinstance(dft, SecretStr) else dft)
