//! A server that answers what it is told to, for what no emulator does: throttling, missing permissions, faults.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The requests that were met: the operation (`X-Amz-Target` after the dot), and the body.
pub(super) type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// Answers requests one after the other with these statuses and bodies, the last of them for ever. Returns the
/// endpoint and what it hears.
pub(super) async fn answering(answers: Vec<(u16, String)>) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut answers = answers.into_iter().peekable();
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = request(&mut stream).await;
            noted.lock().unwrap().push(request);
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

async fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
                line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned()).unwrap_or_default()
            };
            if body.len() >= header("content-length").parse().unwrap_or(0) {
                let target = header("x-amz-target");
                return (target.rsplit('.').next().unwrap_or_default().to_owned(), body.to_owned());
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return Default::default(),
            Ok(count) => bytes.extend_from_slice(&more[..count]),
        }
    }
}
