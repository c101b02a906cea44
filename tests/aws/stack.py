"""The real template, deployed with the real binaries into an emulated AWS, beside a simulated Okta org.

A schedule fires and the functions import the org; a leaver is followed; the HTTP endpoint answers whom its policies let in;
what fails reaches its queue; and roles reach no further than they should. Ends with the first promise that is not kept.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import urllib.request

from emulator import ROOT, Emulator, eventually
from endpoint import Endpoint

STACK = "rollcall"
PEOPLE = 200
TOKEN = "00planted-token-that-nobody-may-print"
# A tick is a minute away at most; what it starts takes seconds.
A_TICK = 90


def main():
    with tempfile.TemporaryDirectory() as folder, Emulator(pathlib.Path(folder)) as emulator, Okta() as okta:
        say("Deploying")
        outputs = emulator.deploy(STACK)
        print(f"  ✓ {len(outputs)} outputs, at {outputs['Url']}")
        plain_http(emulator)
        administrator = people_of(emulator, outputs)["Administrator"]
        say("A connection is stored, and the schedule does the rest")
        emulator.client("secretsmanager").create_secret(Name="rollcall/acme", SecretString=TOKEN)
        expect(201, administrator.ask("PUT", "/connections/acme", connection("acme", okta, "rollcall/acme")))
        expect(200, administrator.ask("POST", "/connections/acme/verify"))
        eventually(f"{PEOPLE} people are in the directory", lambda: len(records(emulator)) == PEOPLE, A_TICK)
        what_fails(emulator, administrator, okta)
        leaver(emulator, okta)
        by_hand(administrator)
        nothing_told(emulator)
        say("The store's tests, against this DynamoDB")
        # Of the whole workspace, so that nothing is built again for other features.
        command = ["cargo", "test", "--locked", "--workspace", "--lib", "--quiet", "directory::tests"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "ROLLCALL_TEST_DYNAMODB_URL": emulator.url}, check=True)


class Okta:
    """A simulated org of its own process."""

    def __enter__(self) -> "Okta":
        command = [os.environ["OKTA_SIM"], "--users", str(PEOPLE), "--token", TOKEN]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def deactivate(self, user: str):
        request = urllib.request.Request(f"{self.url}/sim/users/{user}/deactivate", method="POST")
        urllib.request.urlopen(request, timeout=10).close()


def connection(name: str, okta: Okta, secret: str) -> dict:
    return {
        "name": name,
        "okta": {"url": okta.url, "auth": {"kind": "api_token", "secret": secret}},
        "mappings": [{
            "name": "people", "source": "users", "identifier": "id", "fields": {"email": "profile.email"},
            "target": {"kind": "record", "entity": "Person", "collection": "Okta users"},
        }],
    }


def plain_http(emulator: Emulator):
    """The queues take TLS only. The emulator speaks none, so the rule goes once it was seen to hold."""
    sqs = emulator.client("sqs")
    for queue in ("failed-invocations", "undelivered"):
        url = sqs.get_queue_url(QueueName=f"{STACK}-{queue}")["QueueUrl"]
        refused("plain HTTP to a queue", lambda: sqs.receive_message(QueueUrl=url))
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def people_of(emulator: Emulator, outputs: dict) -> dict[str, Endpoint]:
    """One person for each of the endpoint's policies; and what the others may not do."""
    say("Who may ask the HTTP endpoint what")
    stranger = Endpoint(emulator, outputs["Url"])
    roles = ("Reader", "Operator", "Administrator")
    people = {role: stranger.as_member_of(emulator, role, outputs[f"{role}Policy"]) for role in roles}
    expect(403, stranger.ask("GET", "/connections"), "a stranger")
    for role, person in people.items():
        expect(200, person.ask("GET", "/connections"), role)
    expect(403, people["Reader"].ask("POST", "/runs/none/cancel"), "a reader who cancels")
    expect(404, people["Operator"].ask("POST", "/runs/none/cancel"), "an operator who cancels a run that is not there")
    expect(403, people["Operator"].ask("DELETE", "/connections/acme"), "an operator who deletes a connection")
    status, problem = stranger.ask("POST", "/hooks/acme", {"data": {"events": []}})
    expect(404, (status, problem), "an event hook of a connection that is not there: the function answered")
    assert problem["type"].startswith("urn:rollcall:problem:"), problem
    return people


def what_fails(emulator: Emulator, administrator: Endpoint, okta: Okta):
    say("What fails is heard of")
    emulator.client("secretsmanager").create_secret(Name="elsewhere/acme", SecretString=TOKEN)
    expect(201, administrator.ask("PUT", "/connections/outside", connection("outside", okta, "elsewhere/acme")))
    event = json.dumps({"connection": "outside"})
    emulator.client("lambda").invoke(FunctionName=f"{STACK}-full-import", InvocationType="Event", Payload=event)
    sqs = emulator.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{STACK}-failed-invocations")["QueueUrl"]

    def of_the_outsider():
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", [])
        bodies = [json.loads(it["Body"]) for it in found]
        return [it for it in bodies if it["requestPayload"] == {"connection": "outside"}]

    failed = eventually("a secret outside of the prefix fails the run, in its queue", of_the_outsider, 30)
    assert failed[0]["responsePayload"]["errorType"] == "urn:rollcall:problem:aws-denied", failed
    expect(204, administrator.ask("DELETE", "/connections/outside"))


def leaver(emulator: Emulator, okta: Okta):
    say("A leaver is followed")
    active = [it for it in records(emulator) if it["state"]["S"] == "active"]
    user = active[0]["id"]["S"]
    okta.deactivate(user)

    def is_gone():
        [record] = [it for it in records(emulator) if it["id"]["S"] == user]
        return record["state"]["S"] == "inactive" and record["reason"]["S"] == "deactivated"

    eventually("the record is inactive, by the schedule", is_gone, A_TICK)


def by_hand(administrator: Endpoint):
    say("A run by hand")
    status, report = administrator.ask("POST", "/connections/acme/jobs/full-import/runs", {})
    expect(202, (status, report))

    def has_succeeded():
        status, now = administrator.ask("GET", f"/runs/{report['run']}")
        assert status == 200 and now["state"] in ("running", "succeeded"), now
        return now["state"] == "succeeded"

    eventually("the run succeeds", has_succeeded, 60)


def nothing_told(emulator: Emulator):
    say("Logs tell no secret")
    logs = emulator.client("logs")
    lines = 0
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}-")["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        lines += len(events)
        assert not [it for it in events if TOKEN in it["message"]], group["logGroupName"]
    assert lines > 20, lines
    print(f"  ✓ {lines} lines")


def records(emulator: Emulator) -> list[dict]:
    pages = emulator.client("dynamodb").get_paginator("scan").paginate(TableName=f"{STACK}-directory")
    return [item for page in pages for item in page["Items"]]


def refused(what: str, call):
    try:
        call()
    except Exception as error:  # botocore has a class for each service's refusal
        assert "AccessDenied" in str(error), error
        print(f"  ✓ refused: {what}")
        return
    raise AssertionError(f"not refused: {what}")


def expect(status: int, answer: tuple[int, dict], who: str = ""):
    assert answer[0] == status, f"{who}: {status} was expected, and {answer} came"
    if who:
        print(f"  ✓ {status} for {who}")


def say(what: str):
    print(f"\n{what}", flush=True)


if __name__ == "__main__":
    main()
    print("\nThe stack does what it should.")
