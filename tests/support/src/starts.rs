//! A Lambda endpoint that only notes which functions are invoked: what a trigger starts, without running it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rollcall_shared::config::{Config, Functions};
use rollcall_shared::model::Job;
use serde_json::Value;

use crate::lambda::Server;

/// What is noted, and what is refused.
#[derive(Debug, Default)]
struct Book {
    started: Vec<(String, String)>,
    refused: BTreeSet<String>,
}

/// The endpoint.
#[derive(Debug)]
pub struct Starts {
    book: Arc<Mutex<Book>>,
    server: Server,
}

impl Starts {
    /// An endpoint that refuses the invocations for these connections.
    ///
    /// # Errors
    /// When no port is to be had.
    pub async fn refusing(connections: &[&str]) -> io::Result<Starts> {
        let refused = connections.iter().map(|&name| name.to_owned()).collect();
        let book = Arc::new(Mutex::new(Book { refused, ..Book::default() }));
        let router = Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke));
        let server = Server::start(router.with_state(Arc::clone(&book))).await?;
        Ok(Starts { book, server })
    }

    /// The same process with this endpoint, and a function of every job that is called as the job.
    #[must_use]
    pub fn known_to(&self, mut config: Config) -> Config {
        config.endpoints.lambda = Some(format!("http://{}", self.server.authority));
        let of = Job::ALL.into_iter().map(|job| (job, job.name().to_owned())).collect();
        config.functions = Functions { own: None, of };
        config
    }

    /// The functions that were invoked so far and the connections that they were invoked for, in order.
    #[must_use]
    pub fn started(&self) -> Vec<(String, String)> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).started.clone()
    }
}

async fn invoke(State(book): State<Arc<Mutex<Book>>>, Path(function): Path<String>, body: Bytes) -> Response {
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let connection = event["connection"].as_str().unwrap_or_default().to_owned();
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    if book.refused.contains(&connection) {
        return (StatusCode::FORBIDDEN, [("x-amzn-errortype", "AccessDeniedException")], "{}").into_response();
    }
    book.started.push((function, connection));
    StatusCode::ACCEPTED.into_response()
}
