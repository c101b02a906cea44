//! Lambda, as far as our functions can tell: the real binary runs under it, as it will in AWS.
//!
//! - [`Function`] is a function that was deployed: it can be invoked, from here or by itself.
//! - `sandbox` is one process of the binary. It serves one invocation at a time; whoever comes meanwhile starts a further
//!   one. A process that has not answered when the time limit has passed is killed.
//! - `runtime_api` is what the process asks for its next event, `invoke_api` is Lambda's own `Invoke`, by which a function
//!   starts further invocations of itself.
//! - [`Usage`] is what the processes took of the machine.
//!
//! What Lambda does and this does not: an asynchronous invocation that failed is not tried again, memory is measured and
//! not limited, and a process that waits is not frozen.

mod environment;
mod function;
mod invoke_api;
mod logs;
mod runtime_api;
mod sandbox;
mod usage;

use axum::Router;
use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use environment::{environment, environment_with_log};
pub use function::{Function, Invocation};
pub use usage::Usage;

/// An invocation that failed, as Lambda tells its caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct FunctionError {
    /// The kind of error: the function's own, or one of Lambda's (`Sandbox.Timedout`, `Runtime.ExitError`).
    #[serde(rename = "errorType")]
    pub kind: String,
    /// What happened.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl FunctionError {
    fn new(kind: &str, message: impl Into<String>) -> FunctionError {
        FunctionError { kind: kind.to_owned(), message: message.into() }
    }

    /// Whether the process was killed because the time limit had passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind == TIMED_OUT
    }

    /// Whether the process ended without an answer.
    #[must_use]
    pub fn is_exit(&self) -> bool {
        self.kind == EXITED
    }
}

const TIMED_OUT: &str = "Sandbox.Timedout";
const EXITED: &str = "Runtime.ExitError";

/// A server on a free port of the loopback interface, until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// `127.0.0.1:PORT`
    pub(crate) authority: String,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> std::io::Result<Server> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let authority = listener.local_addr()?.to_string();
        // Without this option a small answer waits for the client's delayed acknowledgement, 44 ms a call.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Server { authority, task })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
