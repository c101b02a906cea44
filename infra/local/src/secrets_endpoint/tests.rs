use super::SecretsEndpoint;
use crate::raw_http::{Answer, post};

async fn secrets(endpoint: &SecretsEndpoint, operation: &str, body: &str) -> Answer {
    post(endpoint.url(), &format!("secretsmanager.{operation}"), "application/x-amz-json-1.1", body).await
}

#[tokio::test]
async fn a_secret_has_a_current_and_a_previous_value() {
    let endpoint = SecretsEndpoint::in_memory().await.unwrap();
    let create = r#"{"Name":"rollcall/acme","SecretString":"one","ClientRequestToken":"v1"}"#;
    assert_eq!(secrets(&endpoint, "CreateSecret", create).await.status, 200);
    let put = r#"{"SecretId":"rollcall/acme","SecretString":"two","ClientRequestToken":"v2"}"#;
    assert_eq!(secrets(&endpoint, "PutSecretValue", put).await.status, 200);
    assert_eq!(secrets(&endpoint, "PutSecretValue", put).await.status, 200, "a repeated request is harmless");

    let current = secrets(&endpoint, "GetSecretValue", r#"{"SecretId":"rollcall/acme"}"#).await;
    assert!(current.head.contains("content-type: application/x-amz-json-1.1"));
    assert_eq!(current.body["SecretString"], "two");
    assert_eq!(current.body["VersionStages"][0], "AWSCURRENT");
    let previous = r#"{"SecretId":"rollcall/acme","VersionStage":"AWSPREVIOUS"}"#;
    assert_eq!(secrets(&endpoint, "GetSecretValue", previous).await.body["SecretString"], "one");
    let by_arn = format!(r#"{{"SecretId":{}}}"#, current.body["ARN"]);
    let described = secrets(&endpoint, "DescribeSecret", &by_arn).await;
    assert_eq!(described.body["VersionIdsToStages"]["v1"][0], "AWSPREVIOUS");
}

#[tokio::test]
async fn refuses_as_the_real_one_does() {
    let endpoint = SecretsEndpoint::in_memory().await.unwrap();
    let create = r#"{"Name":"a","SecretString":"one","ClientRequestToken":"v1"}"#;
    secrets(&endpoint, "CreateSecret", create).await;
    for (operation, body, kind) in [
        ("GetSecretValue", r#"{"SecretId":"b"}"#, "ResourceNotFoundException"),
        ("GetSecretValue", r#"{"SecretId":"a","VersionStage":"AWSPREVIOUS"}"#, "ResourceNotFoundException"),
        ("PutSecretValue", r#"{"SecretId":"b","SecretString":"x"}"#, "ResourceNotFoundException"),
        ("CreateSecret", r#"{"Name":"a","SecretString":"x","ClientRequestToken":"v9"}"#, "ResourceExistsException"),
        (
            "PutSecretValue",
            r#"{"SecretId":"a","SecretString":"x","ClientRequestToken":"v1"}"#,
            "ResourceExistsException",
        ),
        ("PutSecretValue", r#"{"SecretId":"a"}"#, "InvalidParameterException"),
        ("DeleteSecret", r#"{"SecretId":"a"}"#, "UnknownOperationException"),
        ("GetSecretValue", "no json", "SerializationException"),
    ] {
        let answer = secrets(&endpoint, operation, body).await;
        assert_eq!((answer.status, answer.body["__type"].as_str()), (400, Some(kind)), "{operation} {body}");
    }
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_outlives_the_endpoint() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secrets.json");
    let endpoint = SecretsEndpoint::open(&file).await.unwrap();
    secrets(&endpoint, "CreateSecret", r#"{"Name":"a","SecretString":"one","ClientRequestToken":"v1"}"#).await;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    drop(endpoint);

    let endpoint = SecretsEndpoint::open(&file).await.unwrap();
    assert_eq!(secrets(&endpoint, "GetSecretValue", r#"{"SecretId":"a"}"#).await.body["SecretString"], "one");
}

#[tokio::test]
async fn a_damaged_file_is_not_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secrets.json");
    std::fs::write(&file, r#"{"a": "hunter2"}"#).unwrap();
    let Err(error) = SecretsEndpoint::open(&file).await else { panic!("a damaged file was read") };
    assert!(!error.to_string().contains("hunter2"));
}

#[tokio::test]
async fn who_does_not_know_the_key_gets_nothing() {
    let endpoint = SecretsEndpoint::in_memory().await.unwrap();
    secrets(&endpoint, "CreateSecret", r#"{"Name":"a","SecretString":"hunter2","ClientRequestToken":"v1"}"#).await;
    let (open, key) = endpoint.url().rsplit_once('/').unwrap();
    assert_eq!(key.len(), 32);
    let get = r#"{"SecretId":"a"}"#;
    for url in [open.to_owned(), format!("{open}/{}", "0".repeat(32)), format!("{open}/{}", &key[..31])] {
        let answer = post(&url, "secretsmanager.GetSecretValue", "application/x-amz-json-1.1", get).await;
        assert!(matches!(answer.status, 403 | 404), "{url}: {}", answer.status);
        assert!(!answer.body.to_string().contains("hunter2"));
    }
    assert_eq!(secrets(&endpoint, "GetSecretValue", get).await.body["SecretString"], "hunter2");
}
