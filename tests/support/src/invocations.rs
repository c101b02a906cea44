//! Lambda's `Invoke` without a Lambda behind it: who was asked to run is written down, and nobody does.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use rollcall::stack;
use rollcall_shared::Context;
use rollcall_shared::model::Job;
use serde_json::Value;

use crate::calls::Witness;
use crate::lambda::Server;
use crate::world::{World, small};

type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Who asks, and the connection whose invocations are refused, if there is one.
#[derive(Clone)]
struct Desk {
    asked: Asked,
    refused: Option<String>,
}

/// The functions that were asked to run.
pub struct Invocations {
    asked: Asked,
    server: Server,
}

impl Invocations {
    /// Listens on a free port.
    pub async fn listen() -> Invocations {
        Invocations::behind(None).await
    }

    /// The same, refusing the invocations for a connection.
    pub async fn refusing(connection: &str) -> Invocations {
        Invocations::behind(Some(connection.to_owned())).await
    }

    async fn behind(refused: Option<String>) -> Invocations {
        let asked = Asked::default();
        let desk = Desk { asked: Arc::clone(&asked), refused };
        let router = Router::new().route("/2015-03-31/functions/{name}/invocations", post(note));
        let server = Server::start(router.with_state(desk)).await.expect("a port is free");
        Invocations { asked, server }
    }

    /// The context of a process in a world that may start every job: its function has the job's name.
    pub async fn context(&self, world: &World) -> Context {
        self.context_before(world, None).await
    }

    /// The same of this function's process, in the presence of a witness, where there is one.
    pub async fn context_of(&self, world: &World, function: &str) -> (Context, Option<Witness>) {
        let mut witness = Witness::of(function);
        let context = self.context_before(world, witness.as_mut()).await;
        (context, witness)
    }

    async fn context_before(&self, world: &World, witness: Option<&mut Witness>) -> Context {
        let (dynamodb, secrets) = (world.stack.dynamodb_url().to_owned(), world.stack.secrets_url().to_owned());
        let mut urls = [dynamodb, secrets, self.url()];
        if let Some(witness) = witness {
            for url in &mut urls {
                *url = witness.before(url).await;
            }
        }
        let [dynamodb, secrets, lambda] = urls;
        let mut config = stack::config(&dynamodb, &secrets, small());
        config.endpoints.lambda = Some(lambda);
        config.functions.of = Job::ALL.into_iter().map(|job| (job, job.name().to_owned())).collect();
        Context::new(config).await.expect("the clients can be made")
    }

    /// Where Lambda's API answers, for a process's environment.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.authority)
    }

    /// What was asked for since the last time: functions by name, each with its event.
    pub fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn note(State(desk): State<Desk>, Path(name): Path<String>, body: axum::body::Bytes) -> StatusCode {
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    if desk.refused.is_some_and(|refused| event["connection"] == refused) {
        return StatusCode::FORBIDDEN;
    }
    desk.asked.lock().unwrap_or_else(PoisonError::into_inner).push((name, event));
    StatusCode::ACCEPTED
}
