//! One HTTP request over a socket, for the tests of the endpoints: what an SDK sends, spelled out.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Posts `body` to `url` as an AWS JSON call.
pub(crate) async fn post(url: &str, target: &str, content_type: &str, body: &str) -> Answer {
    let (host, path) = url.strip_prefix("http://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))).unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Amz-Target: {target}\r\nX-Amz-Date: 20261120T100000Z\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=local/20261120/eu-west-1/x/aws4_request, SignedHeaders=host, Signature=0\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_ascii_lowercase(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
}
