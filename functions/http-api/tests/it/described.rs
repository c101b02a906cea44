//! The description is of these routes, and of the documents that they take.

use std::collections::BTreeSet;

use reqwest::Method;
use rollcall_shared::model::{Connection, Preset, presets};
use serde_json::{Value, json};

use super::served::Served;

fn described() -> Value {
    serde_json::from_str(http_api::document()).unwrap()
}

#[tokio::test]
async fn every_described_route_is_there_and_knows_no_other_method() {
    let served = Served::of(3).await;
    let description = served.get("/openapi.json").await.body;
    assert_eq!(description, described());
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut count = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{name}", "acme")
            .replace("{job}", "full-import")
            .replace("{mapping}", "people")
            .replace("{id}", "01JD0000000000000000000000")
            .replace("{connection}", "acme");
        for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH] {
            let answer = served.send(served.request(method.clone(), &concrete)).await;
            let operation = &item[method.as_str().to_lowercase()];
            if operation.is_null() {
                assert_eq!(answer.status, 405, "{method} {path} is not described");
                continue;
            }
            count += 1;
            assert_ne!(answer.problem(), "no-route", "{method} {path}");
            let status = answer.status.to_string();
            assert!(!operation["responses"][&status].is_null(), "{method} {path} answers {status}");
        }
    }
    assert_eq!(count, 18, "and DELETE of a connection");
}

#[test]
fn every_route_says_how_it_refuses() {
    for (path, item) in described()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let refusals = responses.iter().filter(|(status, _)| status.as_str() >= "400");
            assert!(refusals.clone().count() >= 3, "{method} {path}");
            for (status, response) in refusals {
                let content = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(content, "#/components/schemas/ProblemDetails", "{method} {path} {status}");
            }
        }
    }
}

/// The names that a schema of the description knows, and those that it demands.
fn keys(schema: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = &described()["components"]["schemas"][schema];
    let known = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let demanded = schema["required"].as_array().into_iter().flatten();
    (known, demanded.map(|name| name.as_str().unwrap().to_owned()).collect())
}

fn assert_described(value: &Value, schema: &str) {
    let (known, demanded) = keys(schema);
    let there: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
    assert!(there.is_subset(&known), "{schema} lacks {:?}", there.difference(&known));
    assert!(demanded.is_subset(&there), "{schema} demands {:?}", demanded.difference(&there));
}

#[test]
fn a_connection_has_no_key_that_is_not_described() {
    let role = json!([{ "group": "Users", "role": "user" }]);
    let of_preset = |preset: &Preset| match preset.mapping["target"]["kind"].as_str() {
        Some("login_user") => json!({ "preset": preset.name, "roles": role }),
        _ => json!({ "preset": preset.name }),
    };
    let mut mappings: Vec<Value> = presets().iter().map(of_preset).collect();
    mappings.push(json!({
        "name": "everything", "source": "users", "identifier": "id", "rejoin": "profile.email", "resolve": "manager",
        "target": { "kind": "record", "entity": "Person", "collection": "Okta" }, "required": ["manager"],
        "fields": { "manager": "profile.managerId" },
        "filter": { "groups": ["A"], "departments": ["B"], "statuses": ["ACTIVE"] }
    }));
    let document = json!({
        "name": "acme", "mappings": mappings, "schedules": { "full-import": "off" },
        "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "rollcall/acme" },
                  "event_hook": { "secret": "rollcall/hook" } }
    });
    let filled = match Connection::parse(&document.to_string()) {
        Ok(connection) => connection.document(),
        Err(faults) => panic!("{faults:?}"),
    };
    assert_described(&filled, "ConnectionDocument");
    assert_described(&filled["okta"], "OktaLink");
    assert_described(&filled["okta"]["auth"], "Auth");
    assert_described(&filled["guard"], "Guard");
    for mapping in filled["mappings"].as_array().unwrap() {
        assert_described(mapping, "MappingDocument");
        assert_described(&mapping["target"], "Target");
        if mapping["filter"].is_object() {
            assert_described(&mapping["filter"], "Filter");
        }
    }
}
