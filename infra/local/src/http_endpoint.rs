//! The HTTP endpoint of a stack on one machine, on a port of the loopback interface: the router of the Lambda function.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::serve::ListenerExt;
use http_api::{Endpoint, Gate, router};
use rollcall_shared::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Nothing stands before the endpoint that would wait for less.
const ANSWER_WITHIN: Duration = Duration::from_secs(5 * 60);

/// The endpoint. Dropping it stops it.
pub(crate) struct HttpEndpoint {
    /// Its URL, without a trailing slash.
    pub(crate) url: String,
    server: JoinHandle<()>,
}

/// The endpoint before anybody answers at it.
pub(crate) struct BoundHttp {
    listener: TcpListener,
    /// Its URL, without a trailing slash.
    pub(crate) url: String,
}

impl BoundHttp {
    /// Takes this port, or a free one where it is 0.
    ///
    /// # Errors
    /// When the port is not to be had.
    pub(crate) async fn bind(port: u16) -> io::Result<BoundHttp> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(BoundHttp { listener, url })
    }

    /// Serves the endpoint, whose routes work with this context.
    pub(crate) fn serve(self, context: Context) -> HttpEndpoint {
        let BoundHttp { listener, url } = self;
        let routes = router(Endpoint::new(context, Gate::Loopback).answering_within(ANSWER_WITHIN));
        // Without this option a small answer waits for the client's delayed acknowledgement.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the HTTP endpoint stopped");
            }
        });
        HttpEndpoint { url, server }
    }
}

impl Drop for HttpEndpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}
