//! What the client does when something is wrong: over the wire, in real time.

use std::time::Duration;

use tokio::time::Instant;

use super::super::query::PageRequest;
use super::super::{NoAnswer, OktaError};
use super::server::{Server, TOKEN, answer, bare_answer, date, okta};
use crate::clock;
use crate::error::Fate;
use crate::model::Attributes;

fn users() -> PageRequest {
    PageRequest::users_created(None, None, &Attributes::default())
}

fn slug(error: &OktaError) -> String {
    error.problem().kind.rsplit(':').next().unwrap().to_owned()
}

const CODE_9: &str = r#"{"errorCode":"E0000009","errorSummary":"Internal Server Error"}"#;

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    let whole = answer(200, "", "[{\"id\":\"1\"}]");
    let server = Server::start(vec![
        answer(503, "", "<html>busy</html>"),
        whole[..whole.len() - 4].to_vec(),
        answer(200, "", "{\"not\":\"an array\"}"),
        b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
        whole,
    ])
    .await;
    let okta = server.okta(None);
    assert_eq!(okta.page(&users()).await.unwrap().objects.len(), 1);
    let used = okta.used();
    assert_eq!((used.calls, used.retried, used.throttled), (5, 4, 0));
}

#[tokio::test]
async fn five_tries_are_enough() {
    let server = Server::start(vec![answer(502, "", ""); 6]).await;
    let okta = server.okta(None);
    let error = okta.page(&users()).await.unwrap_err();
    assert_eq!((slug(&error).as_str(), error.fate()), ("okta-unavailable", Fate::Retryable));
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn what_stays_wrong_is_asked_once() {
    for (status, headers, body, expected) in [
        (401, "", r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided"}"#, "okta-invalid-token"),
        (403, "", "", "okta-role-too-small"),
        (302, "location: https://evil.example/\r\n", "", "okta-redirected"),
        (400, "", r#"{"errorCode":"E0000031","errorSummary":"Invalid search criteria."}"#, "okta-rejected"),
    ] {
        let server = Server::start(vec![answer(status, headers, body)]).await;
        let okta = server.okta(None);
        let error = okta.page(&users()).await.unwrap_err();
        assert_eq!((slug(&error).as_str(), server.requests().len()), (expected, 1));
        assert_eq!(error.fate(), Fate::Fatal);
        assert!(!format!("{error} {error:?} {:?} {okta:?}", error.problem()).contains(TOKEN));
    }
}

#[tokio::test]
async fn a_slow_query_is_asked_for_in_smaller_pages() {
    let server = Server::start(vec![answer(500, "", CODE_9), answer(504, "", ""), answer(200, "", "[]")]).await;
    server.okta(None).page(&users()).await.unwrap();
    let limits = server.targets().into_iter().map(|target| target.split("limit=").nth(1).unwrap()[..3].to_owned());
    assert_eq!(limits.collect::<Vec<_>>(), ["200", "100", "50&"]);
}

#[tokio::test]
async fn a_cursor_can_be_lost() {
    let body = r#"{"errorCode":"E0000031","errorSummary":"Invalid search criteria."}"#;
    let server = Server::start(vec![answer(400, "", body)]).await;
    let request = PageRequest::new("/api/v1/users", &[("after", "1"), ("limit", "200")]);
    let error = server.okta(None).page(&request).await.unwrap_err();
    assert!(matches!(error, OktaError::CursorLost(_)), "{error}");
}

fn throttled(limit: u64, seconds: i64) -> Vec<u8> {
    let now = clock::now().epoch_seconds();
    let headers = format!(
        "date: {}\r\nx-rate-limit-limit: {limit}\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: {}\r\n",
        date(now),
        now + seconds
    );
    bare_answer(429, &headers, r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit"}"#)
}

#[tokio::test]
async fn a_reached_ceiling_is_waited_for_by_every_caller() {
    let fine = || answer(200, "", "[]");
    let server = Server::start(vec![fine(), throttled(600, 2), fine(), fine()]).await;
    let okta = server.okta(None);
    okta.page(&users()).await.unwrap();
    let began = Instant::now();
    let second = tokio::spawn({
        let okta = okta.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            okta.page(&users()).await.unwrap();
            began.elapsed()
        }
    });
    okta.page(&users()).await.unwrap();
    let (first, second) = (began.elapsed(), second.await.unwrap());
    for waited in [first, second] {
        assert!((2_900..9_000).contains(&waited.as_millis()), "{waited:?}");
    }
    let used = okta.used();
    assert_eq!((used.calls, used.throttled, used.retried), (4, 1, 1));
}

#[tokio::test]
async fn the_concurrency_limit_is_a_short_rest() {
    let server = Server::start(vec![throttled(0, 50), answer(200, "", "[]")]).await;
    let began = Instant::now();
    server.okta(None).page(&users()).await.unwrap();
    assert!((450..9_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

fn is_deadline(error: &OktaError) -> bool {
    matches!(error, OktaError::DeadlineReached { .. })
}

#[tokio::test]
async fn the_deadline_ends_waits_and_requests() {
    let within = |milliseconds| Some(Instant::now() + Duration::from_millis(milliseconds));
    // A wait that would end too late is not begun.
    let server = Server::start(vec![throttled(600, 30)]).await;
    let began = Instant::now();
    let error = server.okta(within(10_000)).page(&users()).await.unwrap_err();
    assert!(is_deadline(&error) && began.elapsed() < Duration::from_secs(5), "{error}");
    assert_eq!(error.fate(), Fate::Retryable);

    // A request without an answer is given up.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let error = okta(&address, within(500)).page(&users()).await.unwrap_err();
    assert!(is_deadline(&error), "{error}");

    // Nothing is sent after it.
    let server = Server::start(vec![]).await;
    let error = server.okta(Some(Instant::now())).page(&users()).await.unwrap_err();
    assert!(is_deadline(&error) && server.requests().is_empty());
}

#[tokio::test]
async fn no_connection_is_retryable_and_an_unknown_name_says_so() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = okta(&address, None).page(&users()).await.unwrap_err();
    assert!(matches!(error, OktaError::NoAnswer { how: NoAnswer::Unreachable, .. }), "{error:?}");
    assert_eq!(error.fate(), Fate::Retryable);

    let error = okta("https://no-such-org.invalid", None).page(&users()).await.unwrap_err();
    assert!(matches!(error, OktaError::NoAnswer { how: NoAnswer::NameUnknown, .. }), "{error:?}");
    assert!(!error.to_string().contains("search="));
}

#[tokio::test]
async fn a_lone_surrogate_does_not_fail_its_page() {
    let body = r#"[{"id":"1"},{"id":"2","profile":{"lastName":"\ud800"}}]"#;
    let server = Server::start(vec![answer(200, "", body)]).await;
    assert_eq!(server.okta(None).page(&users()).await.unwrap().objects.len(), 2);
}

#[tokio::test]
async fn a_stored_request_cannot_leave_the_host() {
    for text in ["@evil.example/api", "//evil.example/api", "https://evil.example/api", "/\\evil.example/api"] {
        let request: PageRequest = serde_json::from_value(text.into()).unwrap();
        let error = okta("http://127.0.0.1:9", None).page(&request).await.unwrap_err();
        assert_eq!(slug(&error), "okta-bad-link", "{text}");
    }
}
