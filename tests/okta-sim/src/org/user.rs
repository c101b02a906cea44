//! A person, and the object that the API shows for one.

use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::profile::Profile;
use super::status::Status;
use crate::clock::written;

/// A user of the org. All times are whole seconds.
#[derive(Clone, Debug)]
pub struct User {
    /// The id, `00u…`, unchanged for life.
    pub id: String,
    /// Where in the lifecycle.
    pub status: Status,
    /// When created; never changes.
    pub created: Timestamp,
    /// When first activated; null for people never activated, and for some others.
    pub activated: Option<Timestamp>,
    /// When the status last changed.
    pub status_changed: Option<Timestamp>,
    /// The last sign-in, which does not move `last_updated`.
    pub last_login: Option<Timestamp>,
    /// The last change of profile, credentials or status.
    pub last_updated: Timestamp,
    /// When the password was last set.
    pub password_changed: Option<Timestamp>,
    /// Where the credentials come from.
    pub provider: Provider,
    pub(crate) type_id: Arc<str>,
    pub(crate) realm_id: Option<Arc<str>>,
    pub(crate) profile: Profile,
}

/// The provider of someone's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Okta itself.
    Okta,
    /// Active Directory.
    ActiveDirectory,
    /// Another identity provider.
    Federation,
}

/// What of a user's object a request asked to leave out (Okta: List all users, `okta-response`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    Shown,
    Omitted,
}

impl User {
    /// The profile: base and custom attributes side by side.
    #[must_use]
    pub fn profile(&self) -> Map<String, Value> {
        self.profile.map()
    }

    /// One attribute of the profile, if set.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Value> {
        self.profile.get(name)
    }

    /// One attribute of the profile, if it is set and a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.profile.get(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The `login`, unique in the org without regard to case.
    #[must_use]
    pub fn login(&self) -> String {
        self.text("login").unwrap_or_default()
    }

    /// First and last name with a space between.
    #[must_use]
    pub fn full_name(&self) -> String {
        let parts = [self.text("firstName"), self.text("lastName")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The object as `GET /api/v1/users/{id}` shows it.
    #[must_use]
    pub fn json(&self, base_url: &str) -> Value {
        let mut text = Vec::new();
        self.write(&mut text, base_url, Credentials::Shown);
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Appends the object's JSON text.
    pub(crate) fn write(&self, out: &mut Vec<u8>, base_url: &str, credentials: Credentials) {
        let Self { id, type_id, .. } = self;
        // Writing to a vector cannot fail.
        let _ = write!(
            out,
            r#"{{"id":"{id}","status":"{}","created":"{}","activated":{},"statusChanged":{},"#,
            self.status.as_str(),
            written(self.created),
            nullable(self.activated),
            nullable(self.status_changed),
        );
        let _ = write!(
            out,
            r#""lastLogin":{},"lastUpdated":"{}","passwordChanged":{},"type":{{"id":"{type_id}"}},"#,
            nullable(self.last_login),
            written(self.last_updated),
            nullable(self.password_changed),
        );
        if let Some(realm) = &self.realm_id {
            let _ = write!(out, r#""realmId":"{realm}","#);
        }
        let _ = write!(out, r#""profile":{},"#, self.profile.text());
        if credentials == Credentials::Shown {
            let password = match self.password_changed {
                Some(_) => r#""password":{},"#,
                None => "",
            };
            let (kind, name) = self.provider.names();
            let _ = write!(out, r#""credentials":{{{password}"provider":{{"type":"{kind}","name":"{name}"}}}},"#);
        }
        let _ = write!(out, r#""_links":{{"self":{{"href":"{base_url}/api/v1/users/{id}"}}}}}}"#);
    }
}

impl Provider {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Okta => ("OKTA", "OKTA"),
            Self::ActiveDirectory => ("ACTIVE_DIRECTORY", "corp.acme.example"),
            Self::Federation => ("FEDERATION", "FEDERATION"),
        }
    }
}

fn nullable(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "null".to_owned(), |at| format!("\"{}\"", written(at)))
}

/// Someone to be created with [`crate::Org::create`].
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The first name.
    pub first: String,
    /// The last name.
    pub last: String,
    /// The mail address, and the login unless `extra` has one.
    pub email: String,
    /// The department, if any.
    pub department: Option<String>,
    /// The job title, if any.
    pub title: Option<String>,
    /// Any other attributes, base or custom; they win over the ones above.
    pub extra: Map<String, Value>,
    /// The status to begin with: `Active` unless changed; `Staged` and `Provisioned` make sense, too.
    pub status: Status,
}

impl NewUser {
    /// Someone active, with neither department nor title.
    #[must_use]
    pub fn new(first: &str, last: &str, email: &str) -> Self {
        Self {
            first: first.to_owned(),
            last: last.to_owned(),
            email: email.to_owned(),
            department: None,
            title: None,
            extra: Map::new(),
            status: Status::Active,
        }
    }

    /// The same person in a department.
    #[must_use]
    pub fn department(self, department: &str) -> Self {
        Self { department: Some(department.to_owned()), ..self }
    }

    /// The same person with a job title.
    #[must_use]
    pub fn title(self, title: &str) -> Self {
        Self { title: Some(title.to_owned()), ..self }
    }

    /// The same person with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The same person, created but not activated.
    #[must_use]
    pub fn staged(self) -> Self {
        Self { status: Status::Staged, ..self }
    }

    /// The profile to begin with; unset attributes are left out, as Okta does.
    pub(crate) fn attributes(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut set = |name: &str, value: Value| map.insert(name.to_owned(), value);
        set("login", self.email.clone().into());
        set("email", self.email.clone().into());
        set("firstName", self.first.clone().into());
        set("lastName", self.last.clone().into());
        set("mobilePhone", Value::Null);
        set("secondEmail", Value::Null);
        if let Some(department) = &self.department {
            set("department", department.clone().into());
        }
        if let Some(title) = &self.title {
            set("title", title.clone().into());
        }
        map.extend(self.extra.clone());
        map
    }
}
