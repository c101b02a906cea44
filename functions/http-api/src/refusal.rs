//! How a refusal is told: as problem details (RFC 9457), whatever kept a request from being done.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rollcall_shared::Error;
use rollcall_shared::directory::DirectoryError;
use rollcall_shared::model::ConfigFault;
use rollcall_shared::report::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::roles::Role;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// After so many seconds it is worth trying again.
const RETRY_AFTER: u16 = 5;

/// A request that was not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    details: Box<ProblemDetails>,
}

/// Problem details (RFC 9457), with a hint what to do, and every fault of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDetails {
    #[serde(flatten)]
    problem: Problem,
    /// What is wrong with a connection's document, each fault with its path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ConfigFault>,
}

impl Refusal {
    /// A refusal with this status.
    pub(crate) fn new(status: StatusCode, problem: Problem) -> Refusal {
        let problem = problem.with_status(status.as_u16());
        Refusal { status, details: Box::new(ProblemDetails { problem, errors: Vec::new() }) }
    }

    /// What was sent cannot be read, for this reason.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Refusal {
        let hint = "GET /openapi.json describes what can be sent.";
        let problem = Problem::new("bad-request", "The request cannot be read", detail, hint);
        Refusal::new(StatusCode::BAD_REQUEST, problem)
    }

    /// There is nothing of this name; `what` says what was looked for.
    pub(crate) fn not_found(slug: &str, what: impl Into<String>) -> Refusal {
        let hint = "Lists of what there is are at /connections and /runs.";
        Refusal::new(StatusCode::NOT_FOUND, Problem::new(slug, "There is no such thing", what, hint))
    }

    /// A document that is no connection, for all these reasons.
    pub(crate) fn invalid(errors: Vec<ConfigFault>) -> Refusal {
        let count = errors.len();
        let detail = format!("The document is not a valid connection: {count} problem(s). Nothing was stored.");
        let problem = Problem::new("invalid-connection", "The connection is not valid", detail, "See `errors`.");
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, problem).with_errors(errors)
    }

    /// Nobody vouches for whoever sent the request.
    pub(crate) fn unknown_caller() -> Refusal {
        let problem = Problem::new(
            "unauthenticated",
            "Nobody knows who asks",
            "The request came with neither a signature of AWS nor a token that API Gateway has checked.",
            "Sign it with AWS Signature Version 4 for the service execute-api, or send a bearer token of the configured \
             issuer.",
        );
        Refusal::new(StatusCode::UNAUTHORIZED, problem)
    }

    /// A token whose bearer is in no group that gives a role.
    pub(crate) fn no_role() -> Refusal {
        let problem = Problem::new(
            "no-role",
            "The token gives no role",
            "None of the groups in the token gives a role here.",
            "Have the issuer put the bearer's groups into the token, and name the groups in ROLLCALL_READERS, \
             ROLLCALL_OPERATORS or ROLLCALL_ADMINISTRATORS, without spaces.",
        );
        Refusal::new(StatusCode::FORBIDDEN, problem)
    }

    /// Somebody whose role is too small.
    pub(crate) fn forbidden(role: Role, needed: Role) -> Refusal {
        let detail = format!("This needs the role {}, and yours is {}.", needed.word(), role.word());
        let hint = "Ask whoever administers Rollcall.";
        Refusal::new(StatusCode::FORBIDDEN, Problem::new("role-too-small", "This is not yours to do", detail, hint))
    }

    /// What a web page of elsewhere may have sent.
    pub(crate) fn foreign() -> Refusal {
        let problem = Problem::new(
            "foreign-origin",
            "The request comes from elsewhere",
            "Host has to be a name of this machine (localhost, 127.0.0.1, [::1]), and Origin, if there is one, the same.",
            "Ask at the address that `rollcall serve` shows.",
        );
        Refusal::new(StatusCode::FORBIDDEN, problem)
    }

    fn with_errors(mut self, errors: Vec<ConfigFault>) -> Refusal {
        self.details.errors = errors;
        self
    }
}

/// No route has this path.
pub(crate) async fn no_route(uri: Uri) -> Refusal {
    let detail = format!("There is nothing at {}.", uri.path());
    let hint = "GET /openapi.json lists the paths.";
    Refusal::new(StatusCode::NOT_FOUND, Problem::new("no-route", "There is no such path", detail, hint))
}

/// The route does not know this method; the header `Allow`, which the router adds, lists those that it knows.
pub(crate) async fn no_method(method: Method, uri: Uri) -> Refusal {
    let detail = format!("{} cannot be asked for {method}.", uri.path());
    let problem = Problem::new("no-method", "The method is not allowed here", detail, "See the header Allow.");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, problem)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal { status, details } = self;
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), problem = details.problem.kind, "{}", details.problem.detail);
        }
        let mut response = (status, Json(details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        match status {
            StatusCode::SERVICE_UNAVAILABLE => drop(headers.insert(header::RETRY_AFTER, RETRY_AFTER.into())),
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match &error {
            // A dependency of the request failed: what Okta says is no fault of ours, nor of the request's form.
            Error::Okta(_) => StatusCode::FAILED_DEPENDENCY,
            Error::Directory(error) => status_of(error),
            Error::Problem(problem, _) => status_of_problem(problem.status),
        };
        let errors = match &error {
            Error::Directory(DirectoryError::BadConnection { faults, .. }) => faults.clone(),
            _ => Vec::new(),
        };
        Refusal::new(status, error.problem()).with_errors(errors)
    }
}

impl From<DirectoryError> for Refusal {
    fn from(error: DirectoryError) -> Refusal {
        Refusal::from(Error::from(error))
    }
}

/// The status of a problem that a handler tells. One that is not of ours is Okta's, and says nothing of this request.
fn status_of_problem(status: Option<u16>) -> StatusCode {
    match status {
        Some(status @ (400 | 404 | 409 | 410 | 422 | 503)) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT)
        }
        Some(_) => StatusCode::FAILED_DEPENDENCY,
        // What keeps a connection from being worked with as it stands.
        None => StatusCode::CONFLICT,
    }
}

fn status_of(error: &DirectoryError) -> StatusCode {
    match error {
        DirectoryError::Throttled { .. }
        | DirectoryError::Unavailable { .. }
        | DirectoryError::Fenced { .. }
        | DirectoryError::LeaseLapsed { .. }
        | DirectoryError::Contended { .. } => StatusCode::SERVICE_UNAVAILABLE,
        // How a connection is configured, which whoever asks can mend.
        DirectoryError::BadConnection { .. }
        | DirectoryError::BeingRemoved { .. }
        | DirectoryError::Secret { .. }
        | DirectoryError::Unstorable { .. } => StatusCode::CONFLICT,
        DirectoryError::MissingTable { .. }
        | DirectoryError::Denied { .. }
        | DirectoryError::Credentials { .. }
        | DirectoryError::Refused { .. }
        | DirectoryError::Damaged { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::response::IntoResponse;
    use rollcall_shared::directory::{Call, DirectoryError};
    use rollcall_shared::report::Problem;
    use rollcall_shared::{Error, Fate};

    use super::Refusal;

    #[test]
    fn who_is_throttled_is_told_to_come_back() {
        let call = Call { operation: "Query", target: "table state".to_owned() };
        let throttled = DirectoryError::Throttled { call, detail: "too much".to_owned() };
        let answer = Refusal::from(throttled).into_response();
        assert_eq!((answer.status().as_u16(), answer.headers()[header::RETRY_AFTER].to_str().unwrap()), (503, "5"));
    }

    #[test]
    fn what_okta_answered_is_not_what_we_answer() {
        for (told, answered) in [(Some(401), 424), (Some(500), 424), (Some(404), 404), (None, 409)] {
            let problem = Problem { status: told, ..Problem::new("x", "", "", "") };
            assert_eq!(Refusal::from(Error::Problem(problem, Fate::Fatal)).status.as_u16(), answered, "{told:?}");
        }
    }
}
