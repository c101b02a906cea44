//! A world whose endpoint is served, and who asks it.

use std::collections::BTreeMap;

use http_api::{Endpoint, Gate, router};
use reqwest::{Client, Method, RequestBuilder};
use rollcall::functions::handle;
use rollcall_shared::Context;
use rollcall_shared::handlers::{Event, Response};
use rollcall_shared::report::RunReport;
use serde_json::Value;
use test_support::calls::Witness;
use test_support::invocations::Invocations;
use test_support::world::{Job, World};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A world whose endpoint is served. Who would have to work on a run is written down, and nobody does.
pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) invocations: Invocations,
    context: Context,
    url: String,
    client: Client,
    server: JoinHandle<()>,
    _witness: Option<Witness>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
    /// The body, where it is JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The last part of a problem's type.
    pub(crate) fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default()
    }

    pub(crate) fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no list: {self:?}"))
    }
}

impl Served {
    /// An org of so many people, connected as `acme`.
    pub(crate) async fn of(people: usize) -> Served {
        Served::with(World::of(people).await, Invocations::listen().await).await
    }

    pub(crate) async fn with(world: World, invocations: Invocations) -> Served {
        let (context, witness) = invocations.context_of(&world, "http-api").await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = router(Endpoint::new(context.clone(), Gate::Loopback));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Served { world, invocations, context, url, client: Client::new(), server, _witness: witness }
    }

    /// A request that has yet to be sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn put(&self, path: &str, document: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(document)).await
    }

    /// Sends a request. Whatever is refused is refused as a problem, and no answer holds the org's token.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let headers: BTreeMap<String, String> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let text = answer.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if status >= 400 {
            assert_eq!(headers["content-type"], "application/problem+json", "{text}");
            assert_eq!(body["status"], status, "{text}");
            for member in ["type", "title", "detail", "hint"] {
                assert!(body[member].is_string(), "{member}: {text}");
            }
        }
        assert!(!text.contains(&self.world.sim.token()), "the token was told: {text}");
        Answer { status, headers, text, body }
    }

    /// Every item of a list, page by page.
    pub(crate) async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut next) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{separator}limit={limit}{next}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            assert!(page.items().len() <= limit, "{page:?}");
            items.extend(page.items().iter().cloned());
            match page.body["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return items,
            }
        }
    }

    /// Works on a run of a job, as the function does that was started for it.
    pub(crate) async fn work(&self, job: Job) -> RunReport {
        let event = Event { connection: Some(self.world.connection.name.clone()), ..Event::default() };
        match Box::pin(handle(&self.context, job, event)).await.unwrap() {
            Response::Run(report) => *report,
            Response::Started(_) => panic!("an event with a connection starts no others"),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}
