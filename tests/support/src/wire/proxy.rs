//! A proxy: what is asked of it goes to where it leads, unless the wire has another fate for it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::http::Message;
use super::{Fate, Wire};
use crate::calls::Caller;

const THROTTLED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#;
const FAILED: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}"#;

/// A running proxy; dropping it stops it.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    leads_to: Arc<OnceLock<SocketAddr>>,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port; it leads nowhere yet.
    pub async fn listen(wire: &Wire) -> Proxy {
        Proxy::start(wire, None).await
    }

    /// The same on a wire that nobody cuts, with somebody who writes down what is asked.
    pub(crate) async fn witnessing(caller: Caller) -> Proxy {
        Proxy::start(&Wire::default(), Some(caller)).await
    }

    async fn start(wire: &Wire, caller: Option<Caller>) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
        let (wire, leads_to) = (wire.clone(), Arc::new(OnceLock::new()));
        let target = Arc::clone(&leads_to);
        let server = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (wire, caller, target) = (wire.clone(), caller.clone(), Arc::clone(&target));
                // A connection that ends, however it ends, is its client's affair.
                connections.spawn(async move { drop(carry(client, (&wire, caller.as_ref()), &target).await) });
                while connections.try_join_next().is_some() {}
            }
        });
        Proxy { url, leads_to, server }
    }

    /// Its own address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says where calls go.
    pub fn lead_to(&self, url: &str) {
        let address = url.trim_start_matches("http://").parse().expect("an address with a port");
        self.leads_to.set(address).expect("a proxy leads to one place");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Carries the calls of one connection, one after the other.
async fn carry(
    client: TcpStream,
    (wire, caller): (&Wire, Option<&Caller>),
    target: &OnceLock<SocketAddr>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from_client, mut to_client) = client.into_split();
    let mut from_client = BufReader::new(from_client);
    let address = *target.get().expect("the proxy was told where it leads");
    let server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    let (from_server, mut to_server) = server.into_split();
    let mut from_server = BufReader::new(from_server);
    while let Some(request) = Message::read(&mut from_client).await? {
        if let Some(caller) = caller {
            caller.note(&request);
        }
        let fate = wire.fate(&request.call());
        match fate {
            Fate::Parked => return std::future::pending().await,
            Fate::Broken => return Ok(()),
            Fate::Throttled => {
                to_client.write_all(&throttled()).await?;
                continue;
            }
            Fate::Failed => {
                to_client.write_all(&failed()).await?;
                continue;
            }
            Fate::Through | Fate::Unheard | Fate::BrokenAfter => to_server.write_all(&request.bytes).await?,
        }
        let Some(response) = Message::read(&mut from_server).await? else { return Ok(()) };
        match fate {
            Fate::Unheard => return std::future::pending().await,
            Fate::BrokenAfter => return Ok(()),
            _ => to_client.write_all(&response.bytes).await?,
        }
    }
    Ok(())
}

/// The answer by which DynamoDB asks to slow down.
pub fn throttled() -> Vec<u8> {
    answer("400 Bad Request", THROTTLED)
}

/// The answer of a DynamoDB that fails.
pub fn failed() -> Vec<u8> {
    answer("500 Internal Server Error", FAILED)
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}
