//! A group, and the object that the API shows for one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::written;
use crate::id::Id;

/// A group of the org.
#[derive(Clone, Debug)]
pub struct Group {
    /// The id, `00g…`.
    pub id: String,
    /// The name; not unique.
    pub name: String,
    /// A description, if any.
    pub description: Option<String>,
    /// Okta's own, an application's, or built in.
    pub kind: GroupKind,
    /// When created.
    pub created: Timestamp,
    /// The last change of the group's own profile.
    pub last_updated: Timestamp,
    /// The last time a member was added or removed.
    pub last_membership_updated: Timestamp,
    /// The members by id, whatever their status. Empty for Everyone, whose members are all.
    pub(crate) members: BTreeSet<Id>,
}

/// The kind of a group (Okta: List all groups, `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Made in Okta.
    OktaGroup,
    /// Imported from an application or a directory.
    AppGroup,
    /// Everyone.
    BuiltIn,
}

impl GroupKind {
    /// The kind as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OktaGroup => "OKTA_GROUP",
            Self::AppGroup => "APP_GROUP",
            Self::BuiltIn => "BUILT_IN",
        }
    }
}

impl Group {
    /// The object as `GET /api/v1/groups/{id}` shows it.
    #[must_use]
    pub fn json(&self, base_url: &str) -> Value {
        let own = format!("{base_url}/api/v1/groups/{}", self.id);
        json!({
            "id": self.id,
            "created": written(self.created),
            "lastUpdated": written(self.last_updated),
            "lastMembershipUpdated": written(self.last_membership_updated),
            "objectClass": ["okta:user_group"],
            "type": self.kind.as_str(),
            "profile": {"name": self.name, "description": self.description},
            "_links": {"users": {"href": format!("{own}/users")}, "apps": {"href": format!("{own}/apps")}},
        })
    }
}
