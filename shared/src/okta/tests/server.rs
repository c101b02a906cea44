//! A server that gives the answers it was told to give, in order, each on a connection of its own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::super::{AccessTokens, Credential, Okta, OktaSettings, Paces, ProcessState, http_client};
use crate::clock;
use crate::model::{Auth, OrgUrl, Secret};

pub(super) const TOKEN: &str = "00aTopSecretToken";

pub(super) struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// An answer with rate headers of a ceiling that is far away.
pub(super) fn answer(status: u16, extra: &str, body: &str) -> Vec<u8> {
    let now = clock::now().epoch_seconds();
    let rate =
        format!("x-rate-limit-limit: 6000\r\nx-rate-limit-remaining: 5000\r\nx-rate-limit-reset: {}\r\n", now + 30);
    bare_answer(status, &format!("{rate}date: {}\r\n{extra}", date(now)), body)
}

/// An answer without rate headers.
pub(super) fn bare_answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Words\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A moment, in seconds since 1970, as a `Date` header has it.
pub(super) fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl Server {
    /// Answers with these, one for each request; a request too many is not answered.
    pub(super) async fn start(answers: Vec<Vec<u8>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                log.lock().unwrap().push(String::from_utf8(head).unwrap());
                stream.write_all(&answer).await.unwrap();
                stream.shutdown().await.ok();
            }
        });
        Server { address, requests }
    }

    pub(super) fn okta(&self, deadline: Option<Instant>) -> Okta {
        okta(&self.address, deadline)
    }

    /// The requests so far, heads in full.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The targets of the requests so far.
    pub(super) fn targets(&self) -> Vec<String> {
        self.requests().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

pub(super) fn okta(address: &str, deadline: Option<Instant>) -> Okta {
    let secret = Secret::new(TOKEN);
    let newest = secret.clone();
    let credential = Credential {
        auth: Auth::ApiToken { secret: "rollcall/acme".to_owned() },
        scopes: BTreeSet::new(),
        secret,
        read_again: Arc::new(move || Box::pin(std::future::ready(Ok(newest.clone())))),
    };
    let settings = OktaSettings { url: OrgUrl::parse(address).unwrap(), credential, budget_percent: 100 };
    let process = ProcessState { paces: &Paces::default(), access_tokens: &AccessTokens::default() };
    Okta::new(http_client().unwrap(), settings, process, deadline)
}
