//! The description of the endpoint (OpenAPI 3.1), which comes from the routes themselves.

use std::sync::LazyLock;

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Ref, ResponseBuilder};

use crate::connection_schema::ConnectionDocument;
use crate::refusal::{PROBLEM_JSON, ProblemDetails};

/// What is said of the endpoint as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rollcall",
        description = "Keeps an asset directory in step with Okta. Errors are problem details (RFC 9457); lists are pages, \
                       `next` being the `cursor` of the following one. Readers may GET, operators also POST, \
                       administrators also PUT and DELETE."
    ),
    tags(
        (name = "connections", description = "A connection is a named link to one Okta org"),
        (name = "runs", description = "A run is one execution of a job for one connection"),
        (name = "records", description = "What the directory holds"),
        (name = "hooks", description = "Okta's event hooks"),
        (name = "endpoint", description = "The endpoint itself")
    ),
    components(schemas(ConnectionDocument, ProblemDetails))
)]
pub(crate) struct Description;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| crate::endpoint::description().to_json().unwrap_or_default());

/// The description of the endpoint, as JSON.
pub fn document() -> &'static str {
    &DOCUMENT
}

/// The refusals that a route may answer with beside its own.
struct Refusals {
    statuses: Vec<u16>,
}

/// Adds to the description what all routes have in common: who may ask, and how they refuse.
pub(crate) fn description_of(mut description: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let components = description.components.get_or_insert_default();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let token = token.description(Some("A token of the organisation's own authorization server."));
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    let nothing: [String; 0] = [];
    description.security = Some(vec![SecurityRequirement::new("token", nothing), SecurityRequirement::default()]);
    for (path, item) in &mut description.paths.paths {
        if path.starts_with("/hooks/") {
            continue;
        }
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            Refusals::of(path, operation).add_to(operation);
        }
    }
    description
}

impl Refusals {
    fn of(path: &str, operation: &Operation) -> Refusals {
        let mut statuses = vec![401, 403, 500, 503];
        let (has_body, has_parameters) = (operation.request_body.is_some(), operation.parameters.is_some());
        let rules: [(bool, &[u16]); 6] = [
            (has_body || has_parameters, &[400]),
            (has_body, &[413, 415]),
            (path.contains('{'), &[404]),
            // A stored connection may not be valid, and a run may not be in the state that is needed.
            (path.contains('{') && path != "/runs/{id}", &[409]),
            (operation.tags.iter().flatten().any(|tag| tag == "connections") && has_body, &[422, 424]),
            (path.ends_with("/changes"), &[410]),
        ];
        statuses.extend(rules.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, statuses)| statuses));
        let further: &[u16] = match path {
            "/connections/{name}/verify" | "/runs/{id}/approve" => &[424],
            "/connections/{name}/jobs/{job}/runs" => &[422],
            _ => &[],
        };
        statuses.extend(further);
        Refusals { statuses }
    }

    fn add_to(self, operation: &mut Operation) {
        for status in self.statuses {
            let content = Content::new(Some(Ref::from_schema_name("ProblemDetails")));
            let response = ResponseBuilder::new().description(meaning(status)).content(PROBLEM_JSON, content);
            operation.responses.responses.entry(status.to_string()).or_insert_with(|| response.build().into());
        }
    }
}

/// What a refusal's status means here.
fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read",
        401 => "Nobody knows who asks",
        403 => "Whoever asks may not do this",
        404 => "There is no such thing",
        409 => "It cannot be done as things stand",
        410 => "What followed the cursor is not kept any more",
        413 => "The body is too large",
        415 => "The body is not JSON",
        422 => "The document is not valid, or the key is another request's",
        424 => "Okta refused, or could not be asked",
        503 => "Not now: try again after the time in Retry-After",
        _ => "Something is wrong with the deployment",
    }
}
