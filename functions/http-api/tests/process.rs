//! The real `http-api` binary under an emulated Lambda, asked as API Gateway asks it: who may do what, by IAM or by token.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::invocations::Invocations;
use test_support::lambda::{Function, environment};
use test_support::world::World;

const RUNS: &str = "/connections/acme/jobs/full-import/runs";
const HOOK: &str = "Bearer hook-secret-4711";

/// The function, deployed for a world whose connection has a hook.
struct Deployed {
    world: World,
    invocations: Invocations,
    function: Function,
}

/// What API Gateway passes on of an answer.
#[derive(Debug)]
struct Answer {
    status: u64,
    headers: Value,
    text: String,
}

impl Answer {
    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// A request as API Gateway puts it (AWS: "Payload format version 2.0"), let through by this authorizer.
fn request((method, path): (&str, &str), authorizer: Option<Value>) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": { "host": "abc123.execute-api.eu-west-1.amazonaws.com", "content-type": "application/json",
                     "x-forwarded-proto": "https" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc123", "stage": "$default", "requestId": "JKJaXmPLvHcESHA=",
            "domainName": "abc123.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "abc123",
            "time": "22/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_341_600_000_u64,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                      "userAgent": "curl/8" }
        },
        "isBase64Encoded": false
    });
    if let Some(authorizer) = authorizer {
        event["requestContext"]["authorizer"] = authorizer;
    }
    event
}

fn signed() -> Option<Value> {
    Some(json!({ "iam": { "accessKey": "AKIDEXAMPLE", "accountId": "123456789012", "callerId": "AIDAEXAMPLE",
        "cognitoIdentity": null, "principalOrgId": null, "userArn": "arn:aws:iam::123456789012:user/ada",
        "userId": "AIDAEXAMPLE" } }))
}

fn token(groups: Value) -> Option<Value> {
    Some(
        json!({ "jwt": { "claims": { "sub": "ada@acme.example", "uid": "00u1", "groups": groups, "exp": "1795345200" },
        "scopes": null } }),
    )
}

impl Deployed {
    async fn new() -> Deployed {
        let mut world = World::of(5).await;
        world.reconnect(|document| document["okta"]["event_hook"] = json!({ "secret": "rollcall/acme-hook" })).await;
        world.context.secrets.put("rollcall/acme-hook", HOOK).await.unwrap();
        let invocations = Invocations::listen().await;
        let mut environment = environment(&world.stack);
        for (name, value) in [
            ("AWS_ENDPOINT_URL_LAMBDA", invocations.url().as_str()),
            ("ROLLCALL_FULL_IMPORT_FUNCTION", "stack-full-import"),
            ("ROLLCALL_DEPROVISIONING_FUNCTION", "stack-deprovisioning"),
            ("ROLLCALL_READERS", "rollcall-readers,auditors"),
            ("ROLLCALL_OPERATORS", "rollcall-operators"),
            ("ROLLCALL_ADMINISTRATORS", "rollcall-administrators"),
            ("RUST_LOG", "info"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_http-api"));
        let function = Function::deploy(binary, environment, Duration::from_secs(60)).await.unwrap();
        Deployed { world, invocations, function }
    }

    async fn ask(&self, event: Value) -> Answer {
        let answer = self.function.invoke(event).await;
        let answer = answer.unwrap_or_else(|error| panic!("{error}\n{}", self.function.logs()));
        let text = answer["body"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer["isBase64Encoded"], false, "{answer}");
        assert!(!text.contains(&self.world.sim.token()) && !text.contains("4711"), "a secret was told: {text}");
        Answer { status: answer["statusCode"].as_u64().unwrap(), headers: answer["headers"].clone(), text }
    }

    async fn status(&self, route: (&str, &str), authorizer: Option<Value>) -> u64 {
        self.ask(request(route, authorizer)).await.status
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_nobody_vouches_for_is_refused_and_only_the_hook_is_open() {
    let deployed = Deployed::new().await;
    for authorizer in [None, Some(Value::Null), Some(json!({})), Some(json!({ "lambda": { "role": "administrator" } }))]
    {
        for route in [("GET", "/health"), ("GET", "/connections"), ("POST", RUNS), ("DELETE", "/connections/acme")] {
            let answer = deployed.ask(request(route, authorizer.clone())).await;
            assert_eq!(
                (answer.status, answer.headers["www-authenticate"].as_str()),
                (401, Some("Bearer")),
                "{answer:?}"
            );
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
    let mut challenge = request(("GET", "/hooks/acme"), None);
    challenge["headers"]["x-okta-verification-challenge"] = json!("abc");
    assert_eq!(deployed.ask(challenge).await.body(), json!({ "verification": "abc" }));
    let mut delivery = request(("POST", "/hooks/acme"), None);
    delivery["body"] = json!("{\"data\":{\"events\":[]}}");
    assert_eq!(deployed.ask(delivery.clone()).await.status, 401);
    delivery["headers"]["authorization"] = json!(HOOK);
    assert_eq!(deployed.ask(delivery).await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_groups_of_a_token_say_what_its_bearer_may_do() {
    let deployed = Deployed::new().await;
    let routes = [("GET", "/connections/acme"), ("POST", RUNS), ("DELETE", "/connections/nobody")];
    for (groups, expected) in [
        (json!("[Everyone rollcall-readers]"), [200, 403, 403]),
        (json!(["Everyone", "auditors"]), [200, 403, 403]),
        (json!("[rollcall-readers rollcall-operators]"), [200, 202, 403]),
        (json!("[rollcall-administrators]"), [200, 202, 404]),
        (json!("[Everyone]"), [403, 403, 403]),
        (json!(null), [403, 403, 403]),
    ] {
        for (route, expected) in routes.into_iter().zip(expected) {
            assert_eq!(deployed.status(route, token(groups.clone())).await, expected, "{groups} {route:?}");
        }
    }
    let started: Vec<String> = deployed.invocations.take().into_iter().map(|(function, _)| function).collect();
    assert_eq!(started, ["stack-full-import"], "the second one joins what the first has started");
    let logs = deployed.function.logs();
    assert!(logs.contains("00u1") && !logs.contains("ada@acme.example"), "logs carry ids and no mail: {logs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_request_may_do_what_iam_lets_through() {
    let deployed = Deployed::new().await;
    let mut document = deployed.world.connection.document();
    document["name"] = json!("beta");
    let mut put = request(("PUT", "/connections/beta"), signed());
    put["body"] = json!(document.to_string());
    assert_eq!(deployed.ask(put.clone()).await.status, 201);
    assert_eq!(deployed.ask(put).await.status, 200);
    let list = deployed.ask(request(("GET", "/connections?limit=1"), signed())).await;
    assert_eq!((list.status, &list.body()["items"][0]["name"]), (200, &json!("acme")));
    let path = format!("/connections?cursor={}", list.body()["next"].as_str().unwrap());
    assert_eq!(deployed.ask(request(("GET", &path), signed())).await.body()["items"][0]["name"], "beta");
    let csv = deployed.ask(request(("GET", "/connections/acme/unsynced.csv"), signed())).await;
    assert!(csv.text.starts_with("connection,mapping,id,"), "{csv:?}");
    assert_eq!(deployed.status(("DELETE", "/connections/beta"), signed()).await, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_client_sends_breaks_the_function() {
    let deployed = Deployed::new().await;
    for (path, status) in [
        ("/connections?limit=\"ä\" <x>", 400),
        ("/connections?cursor=%zz", 400),
        ("/connections/a b/\"c\"", 404),
        ("/connections/ä", 404),
        ("//evil.example/connections", 404),
        ("", 404),
    ] {
        assert_eq!(deployed.status(("GET", path), signed()).await, status, "{path}");
    }
    let mut binary = request(("PUT", "/connections/acme"), signed());
    (binary["body"], binary["isBase64Encoded"]) = (json!("/wD/"), json!(true));
    assert_eq!(deployed.ask(binary).await.status, 400);
    assert_eq!(deployed.function.usage().processes, 1, "one process served them all");
}
