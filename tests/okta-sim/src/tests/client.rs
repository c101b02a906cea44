//! As little of an HTTP client as the tests need: one request per connection.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Options, Org, Sim};

/// An answer, complete or not.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn error_code(&self) -> String {
        self.json()["errorCode"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn ids(&self) -> Vec<String> {
        let items = self.json();
        let ids = items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
        ids.collect()
    }

    /// The path and query of the link with this relation.
    pub(super) fn link(&self, relation: &str) -> Option<String> {
        let relation = format!("rel=\"{relation}\"");
        let (_, link) = self.headers.iter().find(|(key, value)| key == "link" && value.contains(&relation))?;
        let url = link.split(['<', '>']).nth(1).unwrap();
        Some(url[url.find("/api").unwrap()..].to_owned())
    }
}

/// An org of this size behind a simulator.
pub(super) async fn sim(users: usize, options: Options) -> Sim {
    let org = Org::generate(11, users, jiff::Timestamp::now());
    Sim::start(org, options).await.unwrap()
}

/// Percent-encodes an expression for a query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The raw bytes of an answer; empty when the connection was dropped.
pub(super) async fn raw(sim: &Sim, path: &str, token: &str) -> Vec<u8> {
    let address = sim.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: SSWS {token}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A reset connection leaves what came before it.
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

/// One POST to the simulator's own door, which asks for no credential.
pub(super) async fn post(sim: &Sim, path: &str, body: &Value) -> Reply {
    let (address, body) = (sim.url().replace("http://", ""), body.to_string());
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    read(&bytes)
}

/// One GET with the simulator's own token.
pub(super) async fn get(sim: &Sim, path: &str) -> Reply {
    read(&raw(sim, path, &sim.token()).await)
}

pub(super) fn read(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap()[9..12].parse().unwrap();
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        })
        .collect();
    let body = bytes[end + 4..].to_vec();
    Reply { status, headers, body }
}

/// The ids of every page, in order.
pub(super) async fn all(sim: &Sim, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let reply = get(sim, &path).await;
        assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
        ids.extend(reply.ids());
        next = reply.link("next");
    }
    ids
}
