"""What must hold of the deployed stack whatever the code does: nothing is lost, nobody may do too much, silence is heard."""

import json
import unittest

from translated import functions, listed, resources, role_of, statements, text, translated

JOBS = set(functions()) - {"http-api"}
# Actions that know no resource, or of which the resource's name is not the stack's to know.
WITH_A_WILDCARD = {"secretsmanager:GetSecretValue"}


class Tables(unittest.TestCase):
    def test_tables_outlive_mistakes(self):
        for name, table in resources("AWS::DynamoDB::Table").items():
            with self.subTest(name):
                self.assertEqual("PAY_PER_REQUEST", table["BillingMode"])
                self.assertTrue(table["DeletionProtectionEnabled"])
                self.assertTrue(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
                self.assertTrue(table["SSESpecification"]["SSEEnabled"])
                resource = translated()["Resources"][name]
                self.assertEqual(("Retain", "Retain"), (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]))

    def test_the_directory_has_a_stream_of_whole_changes(self):
        stream = resources("AWS::DynamoDB::Table")["DirectoryTable"]["StreamSpecification"]
        self.assertEqual({"StreamViewType": "NEW_AND_OLD_IMAGES"}, stream)


class Jobs(unittest.TestCase):
    def test_lambda_retries_nothing_and_keeps_what_failed(self):
        kept = {it["FunctionName"]["Ref"]: it for it in resources("AWS::Lambda::EventInvokeConfig").values()}
        self.assertEqual({id_of(job) for job in JOBS}, set(kept))
        for function, config in kept.items():
            self.assertEqual(0, config["MaximumRetryAttempts"])
            self.assertLess(config["MaximumEventAgeInSeconds"], 21_600, function)
            destination = config["DestinationConfig"]["OnFailure"]["Destination"]
            self.assertEqual({"Fn::GetAtt": ["FailedInvocations", "Arn"]}, destination)

    def test_jobs_may_invoke_themselves_again_and_again(self):
        for name, function in functions().items():
            self.assertEqual("Allow" if name in JOBS else None, function.get("RecursiveLoop"), name)

    def test_nothing_is_reserved_unless_asked_for(self):
        for name, function in functions().items():
            condition, _, otherwise = function["ReservedConcurrentExecutions"]["Fn::If"]
            self.assertEqual({"Ref": "AWS::NoValue"}, otherwise, name)
            [unset] = translated()["Conditions"][condition]["Fn::Not"]
            parameter = unset["Fn::Equals"][0]["Ref"]
            self.assertEqual("", translated()["Parameters"][parameter]["Default"])

    def test_each_job_is_ticked_every_minute_by_a_role_that_can_do_nothing_else(self):
        ticked = {}
        for name, schedule in resources("AWS::Scheduler::Schedule").items():
            target = schedule["Target"]
            function = target["Arn"]["Fn::GetAtt"][0]
            ticked[function] = name
            self.assertEqual(("rate(1 minute)", "{}"), (schedule["ScheduleExpression"], target["Input"]))
            self.assertEqual({"Fn::GetAtt": ["Undelivered", "Arn"]}, target["DeadLetterConfig"]["Arn"])
            self.assertIn("RetryPolicy", target)
            switch = translated()["Parameters"][schedule["State"]["Ref"]]
            self.assertEqual(("ENABLED", ["ENABLED", "DISABLED"]), (switch["Default"], switch["AllowedValues"]))
            may = {it["Action"]: it["Resource"]["Fn::GetAtt"][0] for it in statements(target["RoleArn"]["Fn::GetAtt"][0])}
            self.assertEqual({"lambda:InvokeFunction": function, "sqs:SendMessage": "Undelivered"}, may)
        self.assertEqual({id_of(job) for job in JOBS}, set(ticked))

    def test_logs_are_json_in_groups_that_forget(self):
        groups = resources("AWS::Logs::LogGroup")
        for name, function in functions().items():
            self.assertEqual("JSON", function["LoggingConfig"]["LogFormat"])
            group = function["LoggingConfig"]["LogGroup"]["Ref"]
            self.assertEqual({"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{name}"}, groups[group]["LogGroupName"])
        for group in groups.values():
            self.assertEqual({"Ref": "LogRetentionDays"}, group["RetentionInDays"])


class Roles(unittest.TestCase):
    def test_each_function_has_a_role_of_its_own(self):
        roles = [role_of(function) for function in functions().values()]
        self.assertEqual(len(roles), len(set(roles)))

    def test_no_role_reaches_further_than_names_do(self):
        for role, properties in resources("AWS::IAM::Role").items():
            self.assertNotIn("ManagedPolicyArns", properties, role)
            for statement in statements(role):
                actions = listed(statement["Action"])
                self.assertFalse([it for it in actions if "*" in it], f"{role} {actions}")
                wide = [it for it in listed(statement["Resource"]) if "*" in text(it)]
                if not set(actions) <= WITH_A_WILDCARD:
                    self.assertEqual([], wide, f"{role} {actions}")

    def test_secrets_are_read_under_the_prefix_only(self):
        for name, function in functions().items():
            [secrets] = [it for it in statements(role_of(function)) if it["Action"] == "secretsmanager:GetSecretValue"]
            self.assertTrue(text(secrets["Resource"]).rstrip('"}').endswith(":secret:${SecretPrefix}*"), name)

    def test_services_assume_roles_for_this_stack_only(self):
        for role, properties in resources("AWS::IAM::Role").items():
            [statement] = properties["AssumeRolePolicyDocument"]["Statement"]
            service = statement["Principal"]["Service"]
            # Lambda sends no such context.
            if service != "lambda.amazonaws.com":
                conditions = statement["Condition"]["StringEquals"]
                self.assertEqual({"aws:SourceAccount", "aws:SourceArn"}, set(conditions), role)


class Endpoint(unittest.TestCase):
    def test_only_event_hooks_come_in_unasked(self):
        for name, route in resources("AWS::ApiGatewayV2::Route").items():
            if route["RouteKey"] in ("GET /hooks/{connection}", "POST /hooks/{connection}"):
                self.assertEqual("NONE", route["AuthorizationType"])
            else:
                self.assertEqual({"Fn::If": ["UsesTokens", "JWT", "AWS_IAM"]}, route["AuthorizationType"], name)

    def test_policies_open_what_a_role_is_for(self):
        reader, operator, administrator = (opened(f"{it}Policy") for it in ("Reader", "Operator", "Administrator"))
        self.assertEqual({"GET"}, {method for method, _ in reader})
        self.assertEqual({"GET", "POST"}, {method for method, _ in operator})
        self.assertTrue(reader < operator < administrator)
        keys = {tuple(it["RouteKey"].split(" ")) for it in resources("AWS::ApiGatewayV2::Route").values()}
        signed = {(method, path) for method, path in keys if not path.startswith("/hooks/")}
        self.assertEqual(signed, administrator - {("GET", "/hooks/{connection}")})

    def test_the_access_log_has_no_query_string_and_no_header(self):
        written = json.loads(resources("AWS::ApiGatewayV2::Stage")["HttpStage"]["AccessLogSettings"]["Format"])
        self.assertFalse([it for it in written.values() if "queryString" in it or "header" in it.lower()])

    def test_the_stage_is_throttled(self):
        settings = resources("AWS::ApiGatewayV2::Stage")["HttpStage"]["DefaultRouteSettings"]
        self.assertGreater(settings["ThrottlingRateLimit"], 0)
        self.assertGreater(settings["ThrottlingBurstLimit"], 0)


def opened(policy: str) -> set[tuple[str, str]]:
    """The routes that a policy opens."""
    [statement] = resources("AWS::IAM::ManagedPolicy")[policy]["PolicyDocument"]["Statement"]
    patterns = [text(it).split("/$default/", 1)[1].rstrip('"}') for it in statement["Resource"]]
    found = set()
    for route in resources("AWS::ApiGatewayV2::Route").values():
        method, path = route["RouteKey"].split(" ")
        if any(fits(pattern, method + path) for pattern in patterns):
            found.add((method, path))
    return found


def fits(pattern: str, request: str) -> bool:
    """Whether IAM takes a request for one that a pattern means: a star is any text, slashes included."""
    first, *others = pattern.split("*")
    if not request.startswith(first):
        return False
    rest = request[len(first):]
    for part in others[:-1]:
        place = rest.find(part)
        if place < 0:
            return False
        rest = rest[place + len(part):]
    return rest.endswith(others[-1]) if others else rest == ""


class Watching(unittest.TestCase):
    def test_what_must_be_heard_is_heard(self):
        watched = {metric for alarm in alarms().values() for metric in metrics_of(alarm)}
        wanted = {"RunsFailed", "RunsHeld", "RunsBlind", "ConnectionsOverdue", "LagSecondsMax", "OktaThrottled", "TokenIdleDays",
                  "Errors", "Throttles", "ReadThrottleEvents", "WriteThrottleEvents", "ApproximateNumberOfMessagesVisible"}
        self.assertLessEqual(wanted, watched)

    def test_every_alarm_reaches_the_topic_and_says_what_to_do(self):
        for name, alarm in alarms().items():
            self.assertEqual([{"Ref": "AlarmTopic"}], alarm["AlarmActions"], name)
            self.assertGreater(len(alarm["AlarmDescription"]), 30, name)

    def test_silence_is_an_alarm_where_every_tick_speaks(self):
        for name, alarm in alarms().items():
            breaching = "breaching" if metrics_of(alarm) == {"ConnectionsOverdue"} else "notBreaching"
            self.assertEqual(breaching, alarm["TreatMissingData"], name)

    def test_each_queue_and_each_job_is_watched(self):
        queues = {it["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for it in alarms().values() if it.get("Namespace") == "AWS/SQS"}
        self.assertEqual(set(resources("AWS::SQS::Queue")), queues)
        for metric in ("RunsFailed", "RunsHeld", "RunsBlind", "OktaThrottled", "ConnectionsOverdue"):
            self.assertEqual(JOBS, {job for alarm in alarms().values() for job in jobs_of(alarm, metric)}, metric)

    def test_the_dashboard_is_json(self):
        body = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
        self.assertGreater(len(json.loads(body)["widgets"]), 10)


def alarms() -> dict[str, dict]:
    return resources("AWS::CloudWatch::Alarm")


def queried(alarm: dict) -> list[dict]:
    """The metrics that an alarm looks at."""
    several = [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it]
    return several or [alarm]


def metrics_of(alarm: dict) -> set[str]:
    return {it["MetricName"] for it in queried(alarm)}


def jobs_of(alarm: dict, metric: str) -> set[str]:
    dimensions = [it["Dimensions"] for it in queried(alarm) if it["MetricName"] == metric]
    return {it["Value"] for dimension in dimensions for it in dimension if it["Name"] == "Job"}


def id_of(function: str) -> str:
    """The logical id of a function."""
    return "".join(part.capitalize() for part in function.split("-")) + "Function"


if __name__ == "__main__":
    unittest.main()
