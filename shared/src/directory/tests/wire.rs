//! Servers that do what no emulator does: one answers what it is told to (throttling, missing permissions, faults),
//! the other loses answers on their way.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The requests that were met: the operation (`X-Amz-Target` after the dot), and the body.
pub(super) type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// Answers requests one after the other with these statuses and bodies, the last of them for ever. Returns the
/// endpoint and what it hears.
pub(super) async fn answering(answers: Vec<(u16, String)>) -> (String, Heard) {
    let (listener, endpoint) = listener().await;
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut answers = answers.into_iter().peekable();
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(request) = message(&mut stream).await else { continue };
            let text = String::from_utf8_lossy(&request);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let operation = header(head, "x-amz-target").rsplit('.').next().unwrap_or_default().to_owned();
            noted.lock().unwrap().push((operation, body.to_owned()));
            let (status, body) = answers.next().unwrap();
            let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/x-amz-json-1.0\r\n");
            head += &format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).await.unwrap();
            if answers.peek().is_none() {
                answers = vec![(status, body)].into_iter().peekable();
            }
        }
    });
    (endpoint, heard)
}

/// An error as AWS words it.
pub(super) fn error(status: u16, code: &str) -> (u16, String) {
    (status, serde_json::json!({ "__type": format!("com.amazonaws#{code}"), "message": "in words" }).to_string())
}

/// Stands before another server and loses every other answer, the first included: the request is carried out, the
/// connection ends.
pub(super) async fn losing_answers(upstream: &str) -> String {
    let upstream = upstream.trim_start_matches("http://").to_owned();
    let (listener, endpoint) = listener().await;
    tokio::spawn(async move {
        let mut lost = false;
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(request) = message(&mut stream).await else { continue };
            let mut server = TcpStream::connect(&upstream).await.unwrap();
            server.write_all(&request).await.unwrap();
            let answer = message(&mut server).await.unwrap();
            lost = !lost;
            if !lost {
                let answer = String::from_utf8(answer).unwrap().replacen("\r\n", "\r\nconnection: close\r\n", 1);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    endpoint
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    (listener, endpoint)
}

/// One HTTP message, head and body; none when the other side has nothing (more) to say.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= header(head, "content-length").parse().unwrap_or(0)
        {
            return Some(bytes);
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&more[..count]),
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    line.and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value)
}
