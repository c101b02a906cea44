//! The HTTP endpoint of a stack on one machine, on a port of the loopback interface.
//!
//! So far it answers `/health` alone.

use std::io;
use std::net::Ipv4Addr;

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The endpoint. Dropping it stops it.
pub(crate) struct HttpEndpoint {
    /// Its URL, without a trailing slash.
    pub(crate) url: String,
    server: JoinHandle<()>,
}

impl HttpEndpoint {
    /// Serves on this port, or on a free one where it is 0.
    ///
    /// # Errors
    /// When the port is not to be had.
    pub(crate) async fn serve(port: u16) -> io::Result<HttpEndpoint> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes()).await {
                tracing::error!(%error, "the HTTP endpoint stopped");
            }
        });
        Ok(HttpEndpoint { url, server })
    }
}

impl Drop for HttpEndpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn routes() -> Router {
    Router::new().route("/health", get(health))
}

async fn health() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}
