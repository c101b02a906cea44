//! An application of the org.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::written;
use crate::id::{Id, fingerprint, new_id};

/// An application instance. All times are whole seconds.
#[derive(Clone, Debug)]
pub struct App {
    /// The id, `0oa…`.
    pub id: String,
    /// The kind of application; not unique.
    pub name: String,
    /// The display name; not unique either.
    pub label: String,
    /// Whether it can be used.
    pub status: AppStatus,
    /// How people sign on, such as `SAML_2_0`; directories and the like have none.
    pub sign_on_mode: Option<String>,
    /// What is provisioned, such as `PUSH_NEW_USERS`.
    pub features: Vec<String>,
    /// Whether the dashboard leaves it out.
    pub hidden: bool,
    /// When created.
    pub created: Timestamp,
    /// The last change of the application itself; assignments do not count.
    pub last_updated: Timestamp,
    /// The people who are assigned one by one, and the second when.
    pub(crate) users: BTreeMap<Id, i64>,
    /// The groups whose members are assigned.
    pub(crate) groups: BTreeMap<Id, GroupAssignment>,
}

/// A group's assignment to an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupAssignment {
    /// The second when.
    pub(crate) second: i64,
    pub(crate) priority: u32,
}

/// An application's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppStatus {
    /// In use.
    Active,
    /// Switched off; assignments are kept.
    Inactive,
}

/// An application to be created with [`crate::Org::create_app`].
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The kind of application.
    pub name: String,
    /// The display name.
    pub label: String,
    /// How people sign on: by SAML, unless changed.
    pub sign_on_mode: Option<String>,
    /// What is provisioned: nothing, unless changed.
    pub features: Vec<String>,
}

impl NewApp {
    /// An application that people sign on to by SAML, without provisioning.
    #[must_use]
    pub fn new(name: &str, label: &str) -> Self {
        let sign_on_mode = Some("SAML_2_0".to_owned());
        Self { name: name.to_owned(), label: label.to_owned(), sign_on_mode, features: Vec::new() }
    }

    /// The same application with another way to sign on, or none.
    #[must_use]
    pub fn sign_on_mode(self, mode: Option<&str>) -> Self {
        Self { sign_on_mode: mode.map(str::to_owned), ..self }
    }

    /// The same application, with these features of provisioning.
    #[must_use]
    pub fn features(self, features: &[&str]) -> Self {
        Self { features: features.iter().map(|feature| (*feature).to_owned()).collect(), ..self }
    }
}

impl AppStatus {
    /// The status as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// Okta's own applications, which no org lacks (Okta: List all applications, as recorded).
const OKTA_OWN: [(&str, &str); 8] = [
    ("saasure", "Okta Admin Console"),
    ("okta_enduser", "Okta Dashboard"),
    ("okta_browser_plugin", "Okta Browser Plugin"),
    ("okta_account_settings", "Okta Account Settings"),
    ("flow", "Okta Workflows"),
    ("okta_flow_sso", "Okta Workflows OAuth"),
    ("okta_iga_reviewer", "Okta Access Certification Reviews"),
    ("okta_access_requests_resource_catalog", "Okta Identity Governance"),
];

impl App {
    /// Okta's own applications, by id. The dashboard is everyone's.
    pub(crate) fn okta_own(rng: &mut Rng, created: Timestamp, everyone: &str) -> Vec<Self> {
        // Two numbers come from the org's own generator, as long since: whatever is generated after
        // them stays what it was.
        let seeds = [new_id(rng, "0oa"), new_id(rng, "0oa")];
        let mut rng = Rng::with_seed(fingerprint(&seeds.concat()));
        let mut ids = seeds.into_iter();
        let mut own: Vec<Self> = OKTA_OWN
            .into_iter()
            .map(|(name, label)| {
                let id = ids.next().unwrap_or_else(|| new_id(&mut rng, "0oa"));
                let new = NewApp::new(name, label).sign_on_mode(Some("OPENID_CONNECT"));
                let mut app = Self::of(id, new, created);
                app.hidden = true;
                if name == "okta_enduser" {
                    let second = created.as_second();
                    app.groups.extend(Id::parse(everyone).map(|id| (id, GroupAssignment { second, priority: 0 })));
                }
                app
            })
            .collect();
        own.sort_by(|one, other| one.id.cmp(&other.id));
        own
    }

    pub(crate) fn of(id: String, new: NewApp, created: Timestamp) -> Self {
        Self {
            id,
            name: new.name,
            label: new.label,
            status: AppStatus::Active,
            sign_on_mode: new.sign_on_mode,
            features: new.features,
            hidden: false,
            created,
            last_updated: created,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// The object as `GET /api/v1/apps` shows it, but for its `orn`.
    #[must_use]
    pub fn json(&self, base_url: &str) -> Value {
        let own = format!("{base_url}/api/v1/apps/{}", self.id);
        let act = match self.status {
            AppStatus::Active => "deactivate",
            AppStatus::Inactive => "activate",
        };
        json!({
            "id": self.id,
            "name": self.name,
            "label": self.label,
            "status": self.status.as_str(),
            "created": written(self.created),
            "lastUpdated": written(self.last_updated),
            "features": self.features,
            "signOnMode": self.sign_on_mode,
            "accessibility": {"selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null},
            "visibility": {"autoSubmitToolbar": false, "hide": {"iOS": self.hidden, "web": self.hidden},
                           "appLinks": {(self.name.as_str()): true}},
            "credentials": self.credentials(),
            "settings": {"app": {}, "notifications": {"vpn": {"network": {"connection": "DISABLED"}}}},
            "_links": {
                "self": {"href": own}, "users": {"href": format!("{own}/users")},
                "groups": {"href": format!("{own}/groups")}, act: {"href": format!("{own}/lifecycle/{act}")},
            },
        })
    }

    /// The id of someone's assignment, as the log and the dashboard's links have it.
    pub(crate) fn assignment_id(&self, user: &str) -> String {
        let mut rng = Rng::with_seed(fingerprint(&format!("{} {user}", self.id)));
        new_id(&mut rng, "0ua")
    }

    /// Whether a group is assigned.
    pub(crate) fn has_group(&self, group: &str) -> bool {
        Id::parse(group).is_some_and(|id| self.groups.contains_key(&id))
    }

    /// The groups assigned, by id.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&str, GroupAssignment)> {
        self.groups.iter().map(|(id, assignment)| (id.as_str(), *assignment))
    }

    /// What varies with the way to sign on. A shared account shows its user name.
    fn credentials(&self) -> Value {
        let template = json!({"template": "${source.login}", "type": "BUILT_IN"});
        match self.sign_on_mode.as_deref() {
            Some("OPENID_CONNECT") => json!({
                "userNameTemplate": template, "signing": {"kid": "SIMcCQNY3uwXoW3y0vf6VxiBb5n9pf8L2fK8d-F1bm4"},
                "oauthClient": {"client_id": self.id, "autoKeyRotation": true,
                                "token_endpoint_auth_method": "client_secret_basic"},
            }),
            Some("BROWSER_PLUGIN" | "SECURE_PASSWORD_STORE" | "BASIC_AUTH") => json!({
                "userNameTemplate": template, "scheme": "SHARED_USERNAME_AND_PASSWORD",
                "userName": "shared@acme.example", "password": {}, "revealPassword": false,
            }),
            _ => json!({"userNameTemplate": template, "signing": {"kid": self.id}}),
        }
    }
}
