//! An application of the org.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::written;
use crate::id::new_id;

/// An application instance.
#[derive(Clone, Debug)]
pub struct App {
    /// The id, `0oa…`.
    pub id: String,
    /// The kind of application; not unique.
    pub name: String,
    /// The display name.
    pub label: String,
    /// When created, and last changed.
    pub created: Timestamp,
}

impl App {
    /// The applications that no org lacks (Okta: List all applications, as recorded).
    pub(crate) fn okta_own(rng: &mut Rng, created: Timestamp) -> Vec<Self> {
        [("saasure", "Okta Admin Console"), ("okta_enduser", "Okta Dashboard")]
            .into_iter()
            .map(|(name, label)| Self {
                id: new_id(rng, "0oa"),
                name: name.to_owned(),
                label: label.to_owned(),
                created,
            })
            .collect()
    }

    /// The object as `GET /api/v1/apps` shows it.
    #[must_use]
    pub fn json(&self, base_url: &str) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "label": self.label,
            "status": "ACTIVE",
            "created": written(self.created),
            "lastUpdated": written(self.created),
            "features": [],
            "signOnMode": "OPENID_CONNECT",
            "visibility": {"hide": {"iOS": false, "web": false}},
            "settings": {"app": {}},
            "_links": {"self": {"href": format!("{base_url}/api/v1/apps/{}", self.id)}},
        })
    }
}
