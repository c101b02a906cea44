//! Applications, who is assigned to them, and the log's sign-ons (Okta's pages "Applications", "Application Users" and
//! "System Log query").
//!
//! There is no delta of applications, and no sorting: a list is read whole. It and the lists of an application's people and
//! groups count in one small bucket, so their pages are the largest that Okta gives; one application by its id does not.

use super::OktaError;
use super::attempt::Ask;
use super::client::Okta;
use super::fault::{Fault, Subject};
use super::query::{self, PageRequest};
use super::{log, page};
use crate::model::app::SignOn;
use crate::model::{RawObject, Time};

const APPS: &str = "/api/v1/apps";

impl PageRequest {
    /// Every application, those that are switched off included.
    pub fn apps() -> PageRequest {
        PageRequest::new(APPS, &[("includeNonDeleted", "true"), ("limit", "200")])
    }

    /// The people of an application, whatever their status, assigned in person or by a group. Okta documents no projection
    /// for this list, so each row comes whole.
    pub fn app_users(app: &str) -> PageRequest {
        PageRequest::new(&format!("{APPS}/{}/users", query::path_part(app)), &[("limit", "500")])
    }

    /// The groups that are assigned to an application.
    pub fn app_groups(app: &str) -> PageRequest {
        PageRequest::new(&format!("{APPS}/{}/groups", query::path_part(app)), &[("limit", "200")])
    }

    /// The sign-ons to applications that succeeded, from a moment on, or from where the log begins. It polls: the answer
    /// has a `next` link always, and following it gives every event, in the order in which the log got them.
    pub fn sign_ons(since: Time) -> PageRequest {
        let since = since.to_string();
        let filter = format!("eventType eq \"{}\" and outcome.result eq \"SUCCESS\"", SignOn::EVENT);
        let parameters = [("since", &*since), ("filter", &filter), ("sortOrder", "ASCENDING"), ("limit", "1000")];
        PageRequest::new(log::PATH, &parameters)
    }
}

impl Okta {
    /// One application by id, as Okta has it this moment. `None`: deleted, never there, or hidden from the token.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses. Of one record when it is there and Okta withholds it.
    pub async fn app(&self, id: &str) -> Result<Option<RawObject>, OktaError> {
        // Such an id would climb out of the path.
        if id.bytes().all(|byte| byte == b'.') {
            return Ok(None);
        }
        let request = PageRequest::new(&format!("{APPS}/{}", query::path_part(id)), &[]);
        let ask = Ask { request, subject: Subject::Object };
        match self.ask(ask, |_, received| page::object(received)).await {
            Ok(app) => Ok(Some(app)),
            Err(OktaError::Refused { fault: Fault::NotVisible, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
