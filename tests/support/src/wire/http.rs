//! As much of HTTP/1.1 as it takes to hand messages on: where one ends, and what a request asks for.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;

/// A request, as far as its fate depends on it.
pub struct Call {
    /// What it asks for, in a few words.
    pub what: String,
    /// Whether it goes to DynamoDB, not Okta.
    pub is_dynamodb: bool,
    /// Whether it does something outside: a write, or a call that Okta sees.
    pub has_effect: bool,
    /// The keys of the items that it names.
    pub items: Vec<(String, String)>,
}

/// A message, byte by byte as it came.
pub struct Message {
    /// The first line and the headers, the empty line included.
    pub head: String,
    /// Everything.
    pub bytes: Vec<u8>,
}

impl Message {
    /// Reads a message with a stated length; `None` when the connection has ended.
    ///
    /// # Errors
    /// When the connection breaks in the middle of it.
    pub async fn read(from: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Message>> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if from.read_line(&mut head).await? == 0 {
                return Ok(None);
            }
        }
        let mut bytes = head.clone().into_bytes();
        if header(&head, "transfer-encoding").is_some() {
            read_chunks(from, &mut bytes).await?;
        } else {
            let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            let start = bytes.len();
            bytes.resize(start + length, 0);
            from.read_exact(&mut bytes[start..]).await?;
        }
        Ok(Some(Message { head, bytes }))
    }

    /// One of its headers, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// What comes after the head.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.head.len()..).unwrap_or_default()
    }

    /// What a request asks for.
    pub fn call(&self) -> Call {
        match header(&self.head, "x-amz-target") {
            Some(target) => {
                let operation = target.rsplit('.').next().unwrap_or_default();
                let writing = ["Update", "Put", "Delete", "BatchWrite", "Transact"];
                let has_effect = writing.iter().any(|it| operation.starts_with(it));
                let mut items = Vec::new();
                keys(&serde_json::from_slice(self.body()).unwrap_or_default(), &mut items);
                Call { what: operation.to_owned(), is_dynamodb: true, has_effect, items }
            }
            None => {
                let what = self.head.lines().next().unwrap_or_default().to_owned();
                Call { what, is_dynamodb: false, has_effect: true, items: Vec::new() }
            }
        }
    }
}

/// The keys of all items that a request's body names.
fn keys(body: &Value, found: &mut Vec<(String, String)>) {
    if let (Some(pk), Some(sk)) = (body["pk"]["S"].as_str(), body["sk"]["S"].as_str()) {
        found.push((pk.to_owned(), sk.to_owned()));
    }
    match body {
        Value::Object(map) => map.values().for_each(|part| keys(part, found)),
        Value::Array(list) => list.iter().for_each(|part| keys(part, found)),
        _ => {}
    }
}

async fn read_chunks(from: &mut BufReader<OwnedReadHalf>, bytes: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        from.read_line(&mut line).await?;
        bytes.extend(line.as_bytes());
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let start = bytes.len();
        bytes.resize(start + length + 2, 0);
        from.read_exact(&mut bytes[start..]).await?;
        if length == 0 {
            return Ok(());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
