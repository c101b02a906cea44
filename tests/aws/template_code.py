"""What the template says of functions, variables and tables is what the code says of them."""

import json
import re
import unittest

from translated import ROOT, functions, listed, resources, role_of, statements, text, translated

JOBS = ["full-import", "delta-sync", "deprovisioning", "device-collection", "service-discovery"]
OF_ALL = {"ROLLCALL_STACK", "ROLLCALL_DIRECTORY_TABLE", "ROLLCALL_STATE_TABLE"}
STATE_WRITES = {"dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}


def code(*folders: str) -> str:
    """The production code in these folders."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.rs"))]
    return "\n".join(file.read_text() for file in files if "tests" not in file.parts and file.name != "tests.rs")


def variables_read(*folders: str) -> set[str]:
    """The environment variables of ours that the code in these folders reads."""
    return set(re.findall(r'"(ROLLCALL_[A-Z_]+)"', code(*folders)))


def variable_of(job: str) -> str:
    """Where a process finds the name of a job's function."""
    return f"ROLLCALL_{job.replace('-', '_').upper()}_FUNCTION"


def set_for(function: str) -> dict:
    return functions()[function]["Environment"]["Variables"]


class Functions(unittest.TestCase):
    def test_every_package_is_a_function_and_runs_its_own_zip(self):
        packages = {folder.name for folder in (ROOT / "functions").iterdir() if (folder / "Cargo.toml").exists()}
        self.assertEqual(packages, set(functions()))
        source = (ROOT / "infra/aws/template.yaml").read_text()
        self.assertEqual(set(functions()), set(re.findall(r"CodeUri: \S*/functions/([a-z-]+)/bootstrap.zip", source)))

    def test_a_function_gets_every_variable_that_it_reads_and_no_other(self):
        shared = variables_read("shared/src") | OF_ALL
        self.assertEqual(shared, OF_ALL | {"ROLLCALL_SCHEDULE"})
        self.assertIn("ROLLCALL_{}_FUNCTION", code("shared/src"))
        for function in functions():
            own = variables_read(f"functions/{function}/src")
            others = {variable_of(job) for job in started_by(function)}
            wanted = shared | own | others if function in JOBS else OF_ALL | own | others
            with self.subTest(function):
                self.assertEqual(wanted, set(set_for(function)))

    def test_tables_are_referred_to(self):
        for function in functions():
            self.assertEqual({"Ref": "DirectoryTable"}, set_for(function)["ROLLCALL_DIRECTORY_TABLE"])
            self.assertEqual({"Ref": "StateTable"}, set_for(function)["ROLLCALL_STATE_TABLE"])

    def test_schedules_default_to_the_usual_ones(self):
        usual = dict(re.findall(r'Job::(\w+) => "((?:rate|cron)\(.+\))"', code("shared/src/model/schedule")))
        parameters = translated()["Parameters"]
        self.assertEqual(usual, {job: parameters[f"{job}Schedule"]["Default"] for job in usual})
        self.assertEqual(5, len(usual))

    def test_a_function_may_invoke_whom_it_has_the_name_of_and_itself_and_no_other(self):
        for function in functions():
            invoked = [it for it in statements(role_of(functions()[function])) if it["Action"] == "lambda:InvokeFunction"]
            names = {text(arn).rsplit("${AWS::StackName}-", 1)[1].rstrip('"}') for arn in listed(invoked[0]["Resource"])}
            itself = {function} if function in JOBS else set()
            self.assertEqual(itself | started_by(function), names, function)


def started_by(function: str) -> set[str]:
    """The other jobs that a function starts: as the code has it, all of them by hand, and some for want of an import."""
    if function == "http-api":
        return set(JOBS)
    handler = code(f"shared/src/handlers/{function.replace('-', '_')}")
    started = {job for job in JOBS if f"Job::{camel(job)}, &" in handler and "start_other" in handler}
    if "ask_for_an_import" in handler:
        started.add("full-import")
    return started


def camel(job: str) -> str:
    return "".join(part.capitalize() for part in job.split("-"))


class Tables(unittest.TestCase):
    def setUp(self):
        self.tables = resources("AWS::DynamoDB::Table")
        self.code = (ROOT / "shared/src/directory/tables.rs").read_text()

    def test_keys_are_those_that_the_code_makes(self):
        primary = self.code.split("fn keyed_table")[1]
        wanted = [{"AttributeName": name, "KeyType": kind.upper()} for name, kind in keys_in(primary)]
        self.assertEqual(2, len(wanted))
        for table in self.tables.values():
            self.assertEqual(wanted, table["KeySchema"])

    def test_the_index_is_the_one_that_the_code_makes(self):
        made = self.code.split("fn directory_table")[1].split("fn state_table")[0]
        [index] = self.tables["DirectoryTable"]["LocalSecondaryIndexes"]
        self.assertEqual(re.search(r'BY_ID: &str = "(.+)"', self.code)[1], index["IndexName"])
        self.assertEqual([{"AttributeName": n, "KeyType": k.upper()} for n, k in keys_in(made)], index["KeySchema"])
        self.assertIn("ProjectionType::KeysOnly", made)
        self.assertEqual("KEYS_ONLY", index["Projection"]["ProjectionType"])
        self.assertNotIn("LocalSecondaryIndexes", self.tables["StateTable"])

    def test_items_expire_by_the_attribute_that_the_code_sets(self):
        expires = re.search(r'EXPIRES: &str = "(.+)"', code("shared/src/directory"))[1]
        wanted = {"AttributeName": expires, "Enabled": True}
        self.assertEqual(wanted, self.tables["StateTable"]["TimeToLiveSpecification"])
        self.assertNotIn("TimeToLiveSpecification", self.tables["DirectoryTable"])


class Metrics(unittest.TestCase):
    def test_what_is_watched_and_shown_is_what_is_measured(self):
        measured = set(re.findall(r'^    \("(\w+)", "\w+"\),$', code("shared/src/telemetry"), re.MULTILINE))
        told = set(re.findall(r"^        (\w+) = ", code("shared/src/telemetry"), re.MULTILINE)) | measured
        self.assertEqual(10, len(measured))
        watched = {it["MetricName"] for alarm in resources("AWS::CloudWatch::Alarm").values() for it in ours(alarm)}
        dashboard = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
        drawn = set(re.findall(r'MetricName=\\"(\w+)\\"|"Rollcall","(\w+)"', dashboard))
        drawn = {name for pair in drawn for name in pair if name}
        self.assertEqual(measured, watched | drawn)
        searched = set(re.findall(r"\b[A-Z][a-z]+[A-Z][A-Za-z]+\b|Changed|Unsynced|Connection\b", queries(dashboard)))
        self.assertLessEqual(searched, told)
        self.assertIn("ReadUnits", searched)


def ours(alarm: dict) -> list[dict]:
    """The metrics of ours that an alarm looks at."""
    several = [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it]
    return [it for it in several or [alarm] if it["Namespace"] == "Rollcall"]


def queries(dashboard: str) -> str:
    """What the dashboard searches the logs for."""
    found = [it["properties"]["query"] for it in json.loads(dashboard)["widgets"] if it["type"] == "log"]
    return re.sub(r"SOURCE '[^']*'", "", " ".join(found))


class Routes(unittest.TestCase):
    def test_routes_are_those_of_the_router(self):
        served = re.findall(r'#\[utoipa::path\(\s*(get|put|post|delete), path = "([^"]+)"', code("functions/http-api/src"))
        keys = {route["RouteKey"] for route in resources("AWS::ApiGatewayV2::Route").values()}
        self.assertEqual({f"{method.upper()} {path}" for method, path in served}, keys)


def keys_in(rust: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in re.findall(r'key\("(\w+)", KeyType::(Hash|Range)\)', rust)]


class Rights(unittest.TestCase):
    def test_no_call_is_granted_that_the_code_does_not_make(self):
        calls = set(re.findall(r"\.((?:get|put|update|delete|batch_get|batch_write)_item|query|scan)\(\)", code("shared/src/directory")))
        made = {"dynamodb:" + "".join(part.capitalize() for part in call.split("_")) for call in calls}
        # Writes within a transaction are granted as if they were sent alone.
        made |= {f"dynamodb:{write}Item" for write in re.findall(r"Write::(Update|Put|Delete)\(", code("shared/src/directory"))}
        for name, function in functions().items():
            for statement in statements(role_of(function)):
                granted = {it for it in listed(statement["Action"]) if it.startswith("dynamodb:")}
                self.assertLessEqual(granted, made, f"{name} {statement['Sid']}")

    def test_only_the_endpoint_writes_connections(self):
        stored_under = re.search(r'CONNECTIONS: &str = "(.+)"', code("shared/src/directory"))[1]
        for name, function in functions().items():
            denied = [it for it in statements(role_of(function)) if it["Effect"] == "Deny"]
            if name == "http-api":
                self.assertEqual([], denied)
                continue
            [denied] = denied
            self.assertEqual(STATE_WRITES, set(denied["Action"]))
            self.assertEqual({"Fn::GetAtt": ["StateTable", "Arn"]}, denied["Resource"])
            wanted = {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": [stored_under]}}
            self.assertEqual(wanted, denied["Condition"])


if __name__ == "__main__":
    unittest.main()
