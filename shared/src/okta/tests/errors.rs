use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::answer::Answer;
use super::super::fault::{Fault, Subject, Throttle};
use super::super::{NoAnswer, OktaError};
use crate::error::Fate;

fn answer(status: u16, code: &str) -> Answer {
    let body = format!(r#"{{"errorCode":"{code}","errorSummary":"Some words","errorId":"oae1","errorCauses":null}}"#);
    let body = if code.is_empty() { String::new() } else { body };
    Answer::read("GET /api/v1/users".to_owned(), status, &HeaderMap::new(), body.as_bytes())
}

fn list(status: u16, code: &str) -> Fault {
    Fault::of(&answer(status, code), Subject::List, Throttle::Ceiling)
}

#[test]
fn every_answer_has_its_meaning() {
    use Fault::*;
    for (status, code, fault, fate) in [
        (302, "", Redirected, Fate::Fatal),
        (400, "E0000001", Rejected, Fate::Fatal),
        (400, "E0000031", Rejected, Fate::Fatal),
        (400, "E0000029", Rejected, Fate::Fatal),
        (400, "E0000053", Rejected, Fate::Fatal),
        (500, "E0000053", Unavailable, Fate::Retryable),
        (401, "E0000011", InvalidToken, Fate::Fatal),
        (401, "E0000004", InvalidToken, Fate::Fatal),
        (401, "", InvalidToken, Fate::Fatal),
        (401, "E0000015", FeatureMissing, Fate::Fatal),
        (403, "E0000005", InvalidToken, Fate::Fatal),
        (403, "E0000006", RoleTooSmall, Fate::Fatal),
        (403, "", RoleTooSmall, Fate::Fatal),
        (403, "E0000260", OrgDeactivated, Fate::Fatal),
        (404, "E0000007", NotVisible, Fate::OfOneRecord),
        (404, "E0000048", NotVisible, Fate::OfOneRecord),
        (404, "E0000008", PathUnknown, Fate::Fatal),
        (404, "", UnknownOrg, Fate::Fatal),
        (404, "E0009999", Rejected, Fate::Fatal),
        (405, "E0000022", PathUnknown, Fate::Fatal),
        (408, "", Unavailable, Fate::Retryable),
        (409, "E0000112", Unavailable, Fate::Retryable),
        (409, "E0000145", Unavailable, Fate::Retryable),
        (409, "E0000999", Rejected, Fate::Fatal),
        (410, "E0000215", PathUnknown, Fate::Fatal),
        (410, "E0000153", NotVisible, Fate::OfOneRecord),
        (414, "E0000256", Rejected, Fate::Fatal),
        (423, "E0000239", Unavailable, Fate::Retryable),
        (429, "E0000047", Throttled(Throttle::Ceiling), Fate::Retryable),
        (429, "", Throttled(Throttle::Ceiling), Fate::Retryable),
        (500, "E0000009", TooHeavy, Fate::Retryable),
        (500, "", Unavailable, Fate::Retryable),
        (501, "E0000060", Rejected, Fate::Fatal),
        (502, "", Unavailable, Fate::Retryable),
        (503, "E0000010", Unavailable, Fate::Retryable),
        (503, "E0000100", Unavailable, Fate::Retryable),
        (504, "", TooHeavy, Fate::Retryable),
    ] {
        assert_eq!((list(status, code), list(status, code).fate()), (fault, fate), "{status} {code}");
    }
    assert_eq!(Fault::of(&answer(403, "E0000006"), Subject::Object, Throttle::Edge), Withheld);
}

#[test]
fn what_is_not_permitted_is_told_from_what_is_wrong() {
    for (status, code, expected) in [
        (401, "E0000015", true),
        (403, "E0000006", true),
        (403, "", true),
        (404, "E0000008", true),
        (405, "", true),
        (401, "E0000011", false),
        (403, "E0000260", false),
        (404, "E0000007", false),
        (404, "", false),
        (429, "E0000047", false),
    ] {
        let error = OktaError::Refused { fault: list(status, code), answer: Box::new(answer(status, code)) };
        assert_eq!(error.is_not_permitted(), expected, "{status} {code}");
    }
}

#[test]
fn a_missing_scope_is_named() {
    let mut headers = HeaderMap::new();
    headers.insert(
        "www-authenticate",
        HeaderValue::from_static(
            "Bearer realm=\"http://acme.okta.com\", scope=\"okta.groups.read\", error=\"insufficient_scope\"",
        ),
    );
    let answer = Answer::read("GET /api/v1/groups".to_owned(), 403, &headers, b"");
    assert_eq!(Fault::of(&answer, Subject::Object, Throttle::Edge), Fault::ScopeMissing);
    let text = answer.to_string();
    assert_eq!(text, "Okta answered 403 to GET /api/v1/groups; the missing scope is okta.groups.read");
}

#[test]
fn an_error_says_what_support_asks_for_and_what_to_do() {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-okta-request-id"), HeaderValue::from_static("Yk-1"));
    let body =
        format!(r#"{{"errorCode":"E0000011","errorSummary":"{}","errorId":"oae1"}}"#, "Invalid token ".repeat(40));
    let answer = Answer::read("GET /api/v1/users".to_owned(), 401, &headers, body.as_bytes());
    let error = OktaError::Refused { fault: Fault::InvalidToken, answer: Box::new(answer) };
    let problem = error.problem();
    assert_eq!(problem.kind, "urn:rollcall:problem:okta-invalid-token");
    assert_eq!(problem.status, Some(401));
    assert!(problem.detail.starts_with("Okta answered 401 to GET /api/v1/users: E0000011, Invalid token Inv"));
    assert!(problem.detail.ends_with("; errorId oae1; request Yk-1"));
    assert!(problem.detail.len() < 420);
    assert!(problem.hint.contains("Security > API > Tokens") && problem.hint.contains("rollcall apply"));
}

#[test]
fn odd_bodies_are_no_trouble() {
    for body in ["", "<html>", "null", "[1]", r#"{"errorCode":7,"errorSummary":{}}"#, r#"{"errorCode":"no code"}"#] {
        let answer = Answer::read("GET /".to_owned(), 502, &HeaderMap::new(), body.as_bytes());
        assert_eq!((answer.code.as_deref(), answer.summary.as_deref()), (None, None), "{body}");
    }
}

#[test]
fn every_error_has_words_of_its_own() {
    let refused = |fault| OktaError::Refused { fault, answer: Box::new(answer(400, "E0000001")) };
    let no_answer = |how| OktaError::NoAnswer { how, what: "GET /".to_owned(), detail: "words".to_owned() };
    let mut errors = vec![
        OktaError::CursorLost(Box::new(answer(400, "E0000031"))),
        OktaError::BadLink { what: "GET /".to_owned(), why: "words".to_owned() },
        OktaError::DeadlineReached { what: "GET /".to_owned() },
        OktaError::Unusable { why: "words".to_owned() },
    ];
    use Fault::*;
    errors.extend(
        [InvalidToken, FeatureMissing, RoleTooSmall, ScopeMissing, PathUnknown, UnknownOrg, OrgDeactivated]
            .into_iter()
            .chain([AccessTokenRefused, ClientRefused, NotAServiceApp, ProofRefused, NonceWanted])
            .chain([NotVisible, Withheld, TooHeavy, Unavailable, Redirected, Rejected])
            .chain([Throttle::Ceiling, Throttle::Concurrency, Throttle::Edge].map(Throttled))
            .map(refused),
    );
    use NoAnswer::*;
    errors.extend([NameUnknown, Certificate, Unreachable, TimedOut, Unreadable].map(no_answer));
    let kinds: std::collections::HashSet<String> = errors.iter().map(|error| error.problem().kind).collect();
    assert_eq!(kinds.len(), errors.len());
    assert!(errors.iter().all(|error| error.problem().hint.ends_with('.')));
}
