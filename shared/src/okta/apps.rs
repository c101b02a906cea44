//! Applications, who is assigned to them, and the log's sign-ons (Okta's pages "Applications", "Application Users" and
//! "System Log query").
//!
//! There is no delta of applications, and no sorting: a list is read whole. It and the lists of an application's people and
//! groups count in one small bucket, so their pages are the largest that Okta gives; one application by its id does not.

use super::log;
use super::query::{self, PageRequest};
use crate::model::Time;
use crate::model::app::SignOn;

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
