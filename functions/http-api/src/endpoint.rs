//! The router: every route, who may use it, and how large a request may be.

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use rollcall_shared::Context;
use tokio::time::Instant;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::document::{Description, description_of};
use crate::gate::{Gate, admit};
use crate::{changes, checks, connections, health, hooks, records, refusal, runs, unsynced};

/// The largest document that is read, in bytes: no larger connection can be stored.
const LARGEST_DOCUMENT: usize = 256 * 1_024;
/// The largest delivery of an event hook that is read, in bytes.
const LARGEST_DELIVERY: usize = 1_024 * 1_024;
/// API Gateway waits 30 seconds for an answer and not longer (AWS: "Quotas for HTTP APIs").
const ANSWER_WITHIN: Duration = Duration::from_secs(25);

/// What the routes work with.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) context: Context,
    pub(crate) gate: Gate,
    answer_within: Duration,
}

impl Endpoint {
    /// An endpoint that answers within the time that API Gateway gives.
    pub fn new(context: Context, gate: Gate) -> Endpoint {
        Endpoint { context, gate, answer_within: ANSWER_WITHIN }
    }

    /// The same with another time for an answer: for who waits longer, or for tests.
    #[must_use]
    pub fn answering_within(self, answer_within: Duration) -> Endpoint {
        Endpoint { answer_within, ..self }
    }

    /// When a request that has just come must be answered.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.answer_within
    }
}

/// The routes, ready to be served.
pub fn router(endpoint: Endpoint) -> Router {
    let (guarded, open) = routes_and_description();
    let (guarded, open) = (guarded.split_for_parts().0, open.split_for_parts().0);
    let guarded = guarded
        .layer(DefaultBodyLimit::max(LARGEST_DOCUMENT))
        .route_layer(middleware::from_fn_with_state(endpoint.clone(), admit));
    guarded
        .merge(open.layer(DefaultBodyLimit::max(LARGEST_DELIVERY)))
        .fallback(refusal::no_route)
        .method_not_allowed_fallback(refusal::no_method)
        .with_state(endpoint)
}

/// What the routes say of themselves.
pub(crate) fn description() -> utoipa::openapi::OpenApi {
    let (guarded, open) = routes_and_description();
    let mut guarded = guarded.split_for_parts().1;
    guarded.merge(open.split_for_parts().1);
    description_of(guarded)
}

/// The routes that ask who is there, and those that Okta alone uses, which are open.
fn routes_and_description() -> (OpenApiRouter<Endpoint>, OpenApiRouter<Endpoint>) {
    let guarded = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(health::openapi))
        .routes(routes!(health::health))
        .routes(routes!(connections::list))
        .routes(routes!(connections::show, connections::store, connections::remove))
        .routes(routes!(checks::verify))
        .routes(routes!(checks::preview))
        .routes(routes!(runs::start))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::approve))
        .routes(routes!(runs::cancel))
        .routes(routes!(records::list))
        .routes(routes!(changes::list))
        .routes(routes!(unsynced::list))
        .routes(routes!(unsynced::csv));
    let open = OpenApiRouter::new().routes(routes!(hooks::verify, hooks::receive));
    (guarded, open)
}
