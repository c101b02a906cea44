//! An answer before it is put on the wire, and Okta's error bodies.

use serde_json::{Value, json};

/// What a request is answered with.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) payload: Payload,
    /// The values of the `Link` headers, one line each.
    pub(super) links: Vec<String>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) rate: RateHeaders,
}

/// The body.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    /// A JSON array, its objects kept apart for the faults that spoil one of them.
    List(Vec<Vec<u8>>),
    /// One JSON value.
    One(Vec<u8>),
    Html(String),
    Empty,
}

/// Which rate headers go with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RateHeaders {
    /// Those of the call's bucket.
    Bucket,
    /// Those of the call's bucket, used up.
    Exhausted,
    /// Limit 0 and remaining 0: the concurrency limit.
    Zero,
    None,
}

impl Answer {
    fn new(status: u16, payload: Payload) -> Self {
        Self { status, payload, links: Vec::new(), headers: Vec::new(), rate: RateHeaders::Bucket }
    }

    pub(super) fn list(items: Vec<Vec<u8>>, links: Vec<String>) -> Self {
        Self { links, ..Self::new(200, Payload::List(items)) }
    }

    pub(super) fn values(items: impl IntoIterator<Item = Value>, links: Vec<String>) -> Self {
        let items = items.into_iter().map(|item| item.to_string().into_bytes());
        Self::list(items.collect(), links)
    }

    pub(super) fn one(text: Vec<u8>) -> Self {
        Self::new(200, Payload::One(text))
    }

    pub(super) fn value(value: &Value) -> Self {
        Self::one(value.to_string().into_bytes())
    }

    /// Changes each object of a list.
    pub(super) fn amend_items(&mut self, change: impl Fn(&mut Value)) {
        if let Payload::List(items) = &mut self.payload {
            for item in items {
                let mut value = serde_json::from_slice(item).unwrap_or_default();
                change(&mut value);
                *item = value.to_string().into_bytes();
            }
        }
    }

    pub(super) fn html(status: u16) -> Self {
        let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
        Self::new(status, Payload::Html(page))
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, Payload::Empty)
    }

    pub(super) fn with_rate(self, rate: RateHeaders) -> Self {
        Self { rate, ..self }
    }

    /// An error in Okta's shape (Okta: Error codes).
    pub(super) fn error(status: u16, code: &str, summary: &str, causes: &[&str]) -> Self {
        let causes: Vec<Value> = causes.iter().map(|cause| json!({"errorSummary": cause})).collect();
        let body = json!({
            "errorCode": code, "errorSummary": summary, "errorLink": code,
            "errorId": format!("oae{code}SimulatedError0"), "errorCauses": causes,
        });
        Self { status, ..Self::value(&body) }
    }

    pub(super) fn validation(what: &str, cause: &str) -> Self {
        Self::error(400, "E0000001", &format!("Api validation failed: {what}"), &[cause])
    }

    pub(super) fn invalid_search(cause: &str) -> Self {
        Self::error(400, "E0000031", "Invalid search criteria.", &[cause])
    }

    pub(super) fn invalid_cursor() -> Self {
        Self::invalid_search("Invalid cursor.")
    }

    /// The cursor of a listing of applications is not valid.
    pub(super) fn invalid_paging() -> Self {
        Self::error(400, "E0000029", "Invalid paging request.", &["Invalid cursor."])
    }

    pub(super) fn not_found(what: &str, kind: &str) -> Self {
        let summary = format!("Not found: Resource not found: {what} ({kind})");
        Self::error(404, "E0000007", &summary, &[])
    }

    pub(super) fn no_such_path() -> Self {
        Self::error(404, "E0000008", "The requested path was not found", &[])
    }

    pub(super) fn wrong_method() -> Self {
        Self::error(405, "E0000022", "The endpoint does not support the provided HTTP method", &[])
    }

    pub(super) fn invalid_token() -> Self {
        Self::error(401, "E0000011", "Invalid token provided", &[])
    }

    pub(super) fn forbidden() -> Self {
        let summary = "You do not have permission to perform the requested action";
        Self::error(403, "E0000006", summary, &[])
    }

    /// The org lacks the feature, or the role does: 401, though the token is fine.
    pub(super) fn no_such_feature() -> Self {
        let summary = "You do not have permission to access the feature you are requesting";
        Self::error(401, "E0000015", summary, &[])
    }

    pub(super) fn too_many(rate: RateHeaders) -> Self {
        let summary = "API call exceeded rate limit due to too many requests.";
        Self::error(429, "E0000047", summary, &[]).with_rate(rate)
    }

    /// The answer with a bare status, as Okta or something in front of it gives it.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            400 => Self::validation("request", "The request is not valid."),
            401 => Self::invalid_token(),
            403 => Self::forbidden(),
            404 => Self::not_found("unknown", "Unknown"),
            405 => Self::wrong_method(),
            429 => Self::too_many(RateHeaders::Exhausted),
            500 => Self::error(500, "E0000009", "Internal Server Error", &[]),
            503 => Self::error(503, "E0000181", "Service is temporarily unavailable", &[]),
            408 | 502 | 504 => Self::html(status).with_rate(RateHeaders::None),
            _ => Self::error(status, "E0000009", "Internal Server Error", &[]),
        }
    }
}
