//! Okta credentials in Secrets Manager. No value is ever logged, or part of an error.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;

use tokio::time::Instant;

use super::error::{Call, DirectoryError};
use super::failure::classify;
use crate::model::Secret;

/// The secret store.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
    recent: Arc<Mutex<HashMap<String, Recent>>>,
}

/// A secret as it was read a while ago.
struct Recent {
    text: Arc<str>,
    read: Instant,
}

/// Never shows the value.
impl fmt::Debug for Recent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recent").field("read", &self.read).finish_non_exhaustive()
    }
}

impl Secrets {
    /// The secret store behind this client.
    pub fn new(client: Client) -> Secrets {
        Secrets { client, recent: Arc::default() }
    }

    /// The credential that a secret holds, without the spaces and line ends around it.
    ///
    /// # Errors
    /// Retryable when Secrets Manager throttles or is out of reach; fatal when it refuses, or the secret is not there,
    /// is marked for deletion, or holds no text.
    pub async fn credential(&self, name: &str) -> Result<Secret, DirectoryError> {
        self.text(name).await.map(|text| Secret::new(&text))
    }

    /// The text of a secret as it was at most so long ago: for who is asked often, by anybody.
    ///
    /// # Errors
    /// As for [`Secrets::credential`].
    pub(crate) async fn recent_text(&self, name: &str, at_most: Duration) -> Result<Arc<str>, DirectoryError> {
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = recent().get(name).filter(|known| known.read.elapsed() < at_most) {
            return Ok(Arc::clone(&known.text));
        }
        let text: Arc<str> = self.text(name).await?.into();
        recent().insert(name.to_owned(), Recent { text: Arc::clone(&text), read: Instant::now() });
        Ok(text)
    }

    /// Stores a credential: as a new secret, or as the newest version of one.
    ///
    /// # Errors
    /// Retryable when Secrets Manager throttles or is out of reach; fatal when it refuses.
    pub async fn put(&self, name: &str, value: &str) -> Result<(), DirectoryError> {
        let error = match self.put_version(name, value).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if !matches!(error.as_service_error(), Some(PutSecretValueError::ResourceNotFoundException(_))) {
            return Err(classify(call("PutSecretValue", name), &error));
        }
        match self.client.create_secret().name(name).secret_string(value).send().await {
            Ok(_) => Ok(()),
            // Somebody else created it at the same time: then this is its newer version.
            Err(error) if matches!(error.as_service_error(), Some(CreateSecretError::ResourceExistsException(_))) => {
                let version = self.put_version(name, value).await;
                version.map(|_| ()).map_err(|error| classify(call("PutSecretValue", name), &error))
            }
            Err(error) => Err(classify(call("CreateSecret", name), &error)),
        }
    }

    pub(super) async fn text(&self, name: &str) -> Result<String, DirectoryError> {
        let answer = match self.client.get_secret_value().secret_id(name).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return Err(match error.as_service_error() {
                    Some(GetSecretValueError::ResourceNotFoundException(_)) => bad(name, "there is no such secret"),
                    Some(GetSecretValueError::InvalidRequestException(_)) => bad(name, "it is marked for deletion"),
                    _ => classify(call("GetSecretValue", name), &error),
                });
            }
        };
        let Some(text) = answer.secret_string else { return Err(bad(name, "it is binary, and has to be text")) };
        match text.trim() {
            "" => Err(bad(name, "it is empty")),
            credential => Ok(credential.to_owned()),
        }
    }

    async fn put_version(
        &self,
        name: &str,
        value: &str,
    ) -> Result<
        aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueOutput,
        aws_sdk_secretsmanager::error::SdkError<PutSecretValueError>,
    > {
        self.client.put_secret_value().secret_id(name).secret_string(value).send().await
    }
}

fn bad(name: &str, message: &str) -> DirectoryError {
    DirectoryError::Secret { name: name.to_owned(), message: message.to_owned() }
}

fn call(operation: &'static str, name: &str) -> Call {
    Call { operation, target: format!("secret {name}") }
}
