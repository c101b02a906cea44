//! Which org is behind the URL.

use serde::Deserialize;

use super::OktaError;
use super::answer::Answer;
use super::attempt::{Ask, Received};
use super::client::Okta;
use super::fault::{Fault, Subject};
use super::query::PageRequest;
use crate::model::Time;

/// An org as it describes itself to everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The org's id: it stays whatever the org's address becomes.
    pub id: String,
    /// `idx` for Identity Engine, `v1` for Classic.
    pub pipeline: Option<String>,
    /// Okta's clock when it answered, to the second.
    pub asked: Time,
}

impl Okta {
    /// Asks the org who it is, without the credential: the cheap check of a URL.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses, or what answers is no Okta org.
    pub async fn organization(&self) -> Result<Organization, OktaError> {
        let request = PageRequest::new("/.well-known/okta-organization", &[]);
        self.ask(Ask { request, subject: Subject::Public }, |_, received| read(received)).await
    }
}

fn read(received: &Received) -> Result<Organization, OktaError> {
    #[derive(Deserialize)]
    struct Description {
        id: String,
        #[serde(default)]
        pipeline: Option<String>,
    }
    match serde_json::from_slice::<Description>(&received.body) {
        Ok(Description { id, pipeline }) => Ok(Organization { id, pipeline, asked: received.date }),
        Err(error) if error.is_eof() => Err(received.unreadable("the org's description ends early".to_owned())),
        // Some other web server.
        Err(_) => Err(OktaError::Refused {
            fault: Fault::UnknownOrg,
            answer: Box::new(Answer {
                what: received.what.clone(),
                status: 200,
                code: None,
                summary: Some("the answer does not describe an Okta org".to_owned()),
                error_id: None,
                request_id: None,
                missing_scope: None,
                challenge: None,
            }),
        }),
    }
}
