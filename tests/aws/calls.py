"""Least privilege: what each function asked of AWS while the test suite ran is what its role allows, no less and no more.

    python tests/aws/calls.py FILE

FILE has a line for each kind of call, as `test_support::calls` writes them.
"""

import json
import sys

from translated import functions, listed, role_of, statements, text

# Rights that nothing asks for while tests run: Lambda itself uses them in the function's name, or a key needs them.
OF_THE_PLATFORM = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "kms:Decrypt"}
# Not every test that starts another function does so as one function of its own; `template_code` compares these with the code.
NOT_ALWAYS_SEEN = {"lambda:InvokeFunction"}
WRITES = {"dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}


def granted(function: str) -> set[tuple[str, str]]:
    """What a function's role allows: actions, and what on, as the recorder words it."""
    found = set()
    for statement in statements(role_of(functions()[function])):
        if statement["Effect"] == "Allow":
            on = {worded(resource) for resource in listed(statement["Resource"])}
            found |= {(action, name) for action in listed(statement["Action"]) for name in on}
    return {(action, name) for action, name in found if action not in OF_THE_PLATFORM}


def worded(resource) -> str:
    words = text(resource)
    if ":secret:" in words:
        return "secret"
    if ":function:" in words:
        return words.rsplit("${AWS::StackName}-", 1)[1].rstrip('"}')
    name = "directory" if "DirectoryTable" in words else "state" if "StateTable" in words else words
    return f"{name}/{words.rsplit('/index/', 1)[1].rstrip(chr(34) + '}')}" if "/index/" in words else name


def asked(lines: list[dict], function: str) -> set[tuple[str, str]]:
    """What a function asked for."""
    calls = {(line["action"], line["on"]) for line in lines if line["function"] == function}
    return {(action, plain(action, on)) for action, on in calls}


def plain(action: str, on: str) -> str:
    """What a call was made on, whatever its name begins with: a secret, a function of some stack, a table."""
    if action.startswith("secretsmanager:"):
        return "secret"
    if action.startswith("lambda:"):
        return next((name for name in functions() if on == name or on.endswith(f"-{name}")), on)
    return on.split("#")[0]


def main(file: str) -> int:
    with open(file) as calls:
        lines = [json.loads(line) for line in calls]
    problems = []
    for function in sorted(functions()):
        own = asked(lines, function)
        print(f"{function}: {len(own)} kinds of calls")
        problems += [f"{function} is not allowed {action} on {on}" for action, on in sorted(own - granted(function))]
        unused = {(action, on) for action, on in granted(function) - own if action not in NOT_ALWAYS_SEEN}
        problems += [f"{function} never used {action} on {on}" for action, on in sorted(unused)]
    for line in lines:
        if line["function"] != "http-api" and line["action"] in WRITES and line["on"].endswith("#connections"):
            problems.append(f"{line['function']} writes a connection: {line['action']}")
        if line["action"].startswith("secretsmanager:") and not line["on"].startswith("rollcall/"):
            problems.append(f"{line['function']} reads {line['on']}, which the prefix does not cover")
    print("\n".join(problems) or "each role allows what its function asks for, and nothing else")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
