//! Connections are stored, shown, listed, checked and previewed.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::world::PEOPLE;

use super::served::Served;

fn document(served: &Served, name: &str) -> Value {
    let mut document = served.world.connection.document();
    document["name"] = json!(name);
    document
}

#[tokio::test]
async fn a_connection_is_stored_replaced_and_shown() {
    let served = Served::of(3).await;
    let mut beta = document(&served, "beta");
    let stored = served.put("/connections/beta", &beta).await;
    assert_eq!((stored.status, stored.headers["location"].as_str()), (201, "/connections/beta"));
    assert_eq!(served.get("/connections/beta").await.body, stored.body);

    beta["enabled"] = json!(false);
    let replaced = served.put("/connections/beta", &beta).await;
    assert_eq!((replaced.status, &replaced.body["enabled"]), (200, &json!(false)));
    assert_eq!(replaced.body["timezone"], "UTC", "defaults are filled in");
    let names: Vec<Value> = served.all("/connections", 1).await.iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["acme", "beta"]);
}

#[tokio::test]
async fn every_fault_of_a_document_is_told_at_once_and_nothing_is_stored() {
    let served = Served::of(3).await;
    let mut wrong = document(&served, "beta");
    wrong["okta"]["url"] = json!("http://acme.okta.com");
    wrong["mappings"][0]["identifier"] = json!("[");
    wrong["gard"] = json!({});
    let answer = served.put("/connections/beta", &wrong).await;
    assert_eq!((answer.status, answer.problem()), (422, "invalid-connection"));
    let mut paths: Vec<&str> =
        answer.body["errors"].as_array().unwrap().iter().map(|fault| fault["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["gard", "mappings[0].identifier", "okta.url"]);
    assert_eq!(served.get("/connections/beta").await.status, 404);

    let other = served.put("/connections/gamma", &document(&served, "beta")).await;
    assert_eq!((other.status, &other.body["errors"][0]["path"]), (422, &json!("name")));
    assert_eq!(served.get("/connections").await.items().len(), 1);
}

#[tokio::test]
async fn a_connection_that_somebody_has_broken_is_told_with_its_problem_and_keeps_no_other_away() {
    let served = Served::of(3).await;
    assert_eq!(served.put("/connections/beta", &document(&served, "beta")).await.status, 201);
    served.world.break_the_document().await;

    let list = served.get("/connections").await;
    let (broken, whole) = (&list.items()[0], &list.items()[1]);
    assert_eq!(
        (&broken["name"], &broken["problem"]["type"]),
        (&json!("acme"), &json!("urn:rollcall:problem:bad-connection"))
    );
    assert_eq!((&whole["name"], whole["mappings"].is_array()), (&json!("beta"), true));
    for path in ["/connections/acme", "/connections/acme/unsynced", "/connections/acme/records/people"] {
        let answer = served.get(path).await;
        assert_eq!((answer.status, answer.problem()), (409, "bad-connection"), "{path}");
        assert!(answer.body["errors"][0]["message"].is_string(), "{answer:?}");
    }
    let started = served.post("/connections/acme/jobs/full-import/runs").await;
    assert_eq!((started.status, started.problem()), (409, "bad-connection"));
    assert_eq!(served.post("/connections/beta/jobs/full-import/runs").await.status, 202);

    let mended = served.put("/connections/acme", &document(&served, "acme")).await;
    assert_eq!((mended.status, &mended.body["name"]), (200, &json!("acme")));
    served.world.break_the_document().await;
    assert_eq!(served.delete("/connections/acme").await.status, 204);
    assert_eq!(served.get("/connections").await.items().len(), 1);
}

#[tokio::test]
async fn a_connection_is_verified_api_by_api() {
    let served = Served::of(5).await;
    let answer = served.post("/connections/acme/verify").await;
    assert_eq!(answer.status, 200);
    assert!(answer.items().iter().all(|check| check["ok"] == true), "{answer:?}");
    assert!(answer.items().iter().any(|check| check["api"] == "/api/v1/users"));

    served.world.context.secrets.put("rollcall/acme", "00revoked").await.unwrap();
    let answer = served.post("/connections/acme/verify").await;
    assert_eq!(answer.status, 200);
    assert!(answer.items().iter().any(|check| check["ok"] == false && check["problem"]["hint"].is_string()));
    let preview = served.post("/connections/acme/preview").await;
    assert_eq!(preview.status, 424, "what Okta refuses is no fault of the request: {preview:?}");

    let mut elsewhere = document(&served, "beta");
    elsewhere["okta"]["auth"]["secret"] = json!("rollcall/not-stored");
    assert_eq!(served.put("/connections/beta", &elsewhere).await.status, 201);
    let answer = served.post("/connections/beta/verify").await;
    assert_eq!((answer.status, answer.problem()), (409, "bad-secret"));
}

#[tokio::test]
async fn a_preview_says_what_an_import_would_do_and_writes_nothing() {
    let served = Served::of(30).await;
    let preview = served.post(&format!("/connections/acme/preview?mapping={PEOPLE}&limit=5")).await;
    assert_eq!(preview.status, 200, "{preview:?}");
    assert_eq!(preview.body["report"]["mappings"][PEOPLE]["created"], preview.items().len());
    assert!((5..30).contains(&preview.items().len()), "a page at least, and not all: {preview:?}");

    let path = "/connections/acme/preview";
    let body = json!({ "mapping": PEOPLE, "limit": 1000 });
    let preview = served.send(served.request(Method::POST, path).json(&body)).await;
    assert_eq!((preview.status, preview.items().len()), (200, 30));
    assert!(served.get("/connections/acme/records/people").await.items().is_empty());

    for body in [json!({ "limit": 0 }), json!({ "limt": 5 }), json!([]), json!({ "limit": "x" })] {
        let answer = served.send(served.request(Method::POST, path).json(&body)).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    let answer = served.post("/connections/acme/preview?mapping=nobody").await;
    assert_eq!((answer.status, answer.problem()), (404, "unknown-mapping"));
}
