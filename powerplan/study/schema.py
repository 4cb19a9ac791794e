"""The JSON Schema of scenario files, from the same models that read them."""

from __future__ import annotations

from typing import Any

from powerplan.model.scenario import Scenario

DRAFT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "urn:powerplan:scenario:1"


def scenario_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, with descriptions, examples and the names of shipped profiles."""
    from powerplan.components.registry import kind, kind_names
    from powerplan.files.library import list_profiles

    schema = Scenario.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    choices = []
    for name in kind_names():
        options = kind(name).options.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions.update(options.pop("$defs", {}))
        profiles = sorted(listed.name for listed in list_profiles(name))
        options["properties"]["profile"] = {"description": f"Profile of kind {name}.",
                                            "anyOf": [{"enum": profiles}, {"type": "string"}]}
        definitions[f"{name}_part"] = options
        choices.append({"$ref": f"#/$defs/{name}_part"})
    schema["properties"]["parts"]["additionalProperties"] = {"anyOf": choices}
    schema["properties"]["parts"].pop("patternProperties", None)
    schema["properties"]["based_on"] = {"type": "string", "description": "Scenario file this one is a variant of; "
                                        "maps are merged, anything else is replaced, null takes a key away."}
    variant = {"required": ["based_on"]}
    schema["anyOf"] = [variant, {"required": schema.pop("required", [])}]
    return {"$schema": DRAFT, "$id": IDENTIFIER, **schema}
