//! OAuth scopes: what a service app has to be granted before it may read an API (Okta: OAuth 2.0 scopes).

use std::collections::BTreeSet;

use super::{Connection, ObjectKind};

/// The permission to read one of Okta's APIs. An API token needs none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OAuthScope {
    /// Applications and who is assigned to them.
    Apps,
    /// Device assurance policies.
    DeviceAssurance,
    /// Devices and who uses them.
    Devices,
    /// Groups and their members.
    Groups,
    /// The System Log.
    Logs,
    /// The schemas of users' profiles.
    Schemas,
    /// Types of user.
    UserTypes,
    /// Users, and the groups of one.
    Users,
}

impl OAuthScope {
    /// The name that Okta has for it.
    pub fn name(self) -> &'static str {
        match self {
            OAuthScope::Apps => "okta.apps.read",
            OAuthScope::DeviceAssurance => "okta.deviceAssurance.read",
            OAuthScope::Devices => "okta.devices.read",
            OAuthScope::Groups => "okta.groups.read",
            OAuthScope::Logs => "okta.logs.read",
            OAuthScope::Schemas => "okta.schemas.read",
            OAuthScope::UserTypes => "okta.userTypes.read",
            OAuthScope::Users => "okta.users.read",
        }
    }
}

impl Connection {
    /// The scopes that its jobs need. Schemas and types of user are not among them: only a check reads those.
    pub fn scopes(&self) -> BTreeSet<OAuthScope> {
        // Every job asks the log what was deleted.
        let mut scopes = BTreeSet::from([OAuthScope::Logs]);
        if self.wants(ObjectKind::User) {
            scopes.extend([OAuthScope::Users, OAuthScope::Groups]);
        }
        if self.wants(ObjectKind::Device) {
            scopes.extend([OAuthScope::Devices, OAuthScope::DeviceAssurance]);
        }
        if self.wants(ObjectKind::App) {
            scopes.insert(OAuthScope::Apps);
        }
        scopes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn scopes(mappings: Value) -> Vec<&'static str> {
        let document = json!({
            "name": "acme", "mappings": mappings,
            "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "s" } },
        });
        Connection::parse(&document.to_string()).unwrap().scopes().into_iter().map(OAuthScope::name).collect()
    }

    #[test]
    fn a_connection_asks_for_what_its_mappings_read_and_for_no_more() {
        let (people, devices) = (json!({ "preset": "leanix-employees" }), json!({ "preset": "sekoia-devices" }));
        let apps = json!({ "preset": "leanix-services" });
        assert_eq!(scopes(json!([people])), ["okta.groups.read", "okta.logs.read", "okta.users.read"]);
        let of_devices = ["okta.deviceAssurance.read", "okta.devices.read", "okta.logs.read"];
        assert_eq!(scopes(json!([devices])), of_devices);
        assert_eq!(scopes(json!([apps])), ["okta.apps.read", "okta.logs.read"]);
        assert_eq!(scopes(json!([people, devices, apps])).len(), 6);
    }
}
