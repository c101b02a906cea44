//! Secrets, against answers as Secrets Manager gives them.

use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use serde_json::json;

use super::wire::{Heard, answering, error};
use crate::directory::Secrets;
use crate::error::Fate;

async fn secrets(answers: Vec<(u16, String)>) -> (Secrets, Heard) {
    let (endpoint, heard) = answering(answers).await;
    let configuration = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(
            aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https(),
        )
        .build();
    (Secrets::new(aws_sdk_secretsmanager::Client::from_conf(configuration)), heard)
}

fn holding(text: &str) -> (u16, String) {
    (200, json!({ "Name": "rollcall/acme", "SecretString": text }).to_string())
}

#[tokio::test]
async fn a_token_comes_without_the_line_end_behind_it() {
    let (secrets, _) = secrets(vec![holding(" 00token\r\n")]).await;
    assert_eq!(secrets.text("rollcall/acme").await.unwrap(), "00token");
    assert!(!format!("{:?}", secrets.credential("rollcall/acme").await.unwrap()).contains("00token"));
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_says_why_and_never_what_it_holds() {
    let binary = json!({ "Name": "rollcall/acme", "SecretBinary": "c2VjcmV0" }).to_string();
    for (answer, words, slug) in [
        (error(400, "ResourceNotFoundException"), "no such secret", "bad-secret"),
        (error(400, "InvalidRequestException"), "marked for deletion", "bad-secret"),
        (holding(" \n"), "empty", "bad-secret"),
        ((200, binary), "binary", "bad-secret"),
        (error(400, "AccessDeniedException"), "not permitted", "aws-denied"),
        (error(400, "DecryptionFailure"), "not permitted", "aws-denied"),
    ] {
        let (secrets, _) = secrets(vec![answer]).await;
        let error = secrets.text("rollcall/acme").await.unwrap_err();
        let problem = error.problem();
        assert_eq!((error.fate(), problem.kind), (Fate::Fatal, format!("urn:rollcall:problem:{slug}")));
        assert!(problem.detail.contains(words) && problem.detail.contains("rollcall/acme"), "{}", problem.detail);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_does_not_leak() {
    let (secrets, _) = secrets(vec![(200, "{\"SecretString\": \"00leak\", ".to_owned())]).await;
    let error = secrets.text("rollcall/acme").await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("00leak"), "{error:?}");
    assert_eq!(error.fate(), Fate::Retryable);
}

#[tokio::test]
async fn a_secret_is_created_when_it_is_not_there() {
    let (created, heard) = secrets(vec![error(400, "ResourceNotFoundException"), (200, "{}".to_owned())]).await;
    created.put("rollcall/acme", "00token").await.unwrap();
    let operations: Vec<String> = heard.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect();
    assert_eq!(operations, ["PutSecretValue", "CreateSecret"]);

    let (stored, heard) = secrets(vec![(200, "{}".to_owned())]).await;
    stored.put("rollcall/acme", "00token").await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 1);
}
