"""The template as CloudFormation gets it: SAM's resources translated, and what is said of them without YAML's tags."""

import json
import os
import pathlib
from functools import cache

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


class NoManagedPolicies:
    """SAM asks for the ARNs of policies that a template names; this one names none."""

    def load(self):
        return {}


def source() -> dict:
    """The template as it was written."""
    return yaml_parse((ROOT / "infra/aws/template.yaml").read_text())


@cache
def translated() -> dict:
    """The template as CloudFormation gets it."""
    template = source()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # What `sam deploy` puts in the place of a local file.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    # It decides on nothing here, but the translator asks for one.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(template, {}, NoManagedPolicies())


def resources(kind: str) -> dict[str, dict]:
    """The properties of every resource of a type, by logical id."""
    found = translated()["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in found if resource["Type"] == kind}


def functions() -> dict[str, dict]:
    """The properties of every Lambda function, by the name of its package."""
    return {_own_name(it["FunctionName"]): it for it in resources("AWS::Lambda::Function").values()}


def role_of(function: dict) -> str:
    """The logical id of a function's role."""
    return function["Role"]["Fn::GetAtt"][0]


def statements(role: str) -> list[dict]:
    """What a role may do, and must not; what depends on a parameter is taken as there."""
    found = []
    for policy in translated()["Resources"][role]["Properties"]["Policies"]:
        found += [it["Fn::If"][1] if "Fn::If" in it else it for it in policy["PolicyDocument"]["Statement"]]
    return found


def listed(value) -> list:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]


def text(value) -> str:
    """An intrinsic function as text to look into."""
    return value if isinstance(value, str) else json.dumps(value)


def _own_name(name: dict) -> str:
    return name["Fn::Sub"].removeprefix("${AWS::StackName}-")
