//! A service app: an OAuth 2.0 client that signs in by itself (Okta: Implement OAuth for Okta with a service app).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::role::Role;

/// A service app as an administrator set it up.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceApp {
    /// The client ID.
    pub client_id: String,
    /// The public keys, as JWKs with a `kid`.
    pub public_keys: Vec<Value>,
    /// The scopes that were granted to it.
    pub scopes: BTreeSet<String>,
    /// What it may see: scopes are not enough without an admin role.
    pub role: Role,
    /// Whether it has to prove that it holds the key that its access tokens are bound to (DPoP).
    pub demands_proofs: bool,
    /// Whether it may sign in.
    pub is_active: bool,
}

impl ServiceApp {
    /// An active app with one public key, all scopes that a directory sync can use, and a role that sees everything.
    #[must_use]
    pub fn new(client_id: &str, public_key: Value) -> Self {
        let names = ["apps", "deviceAssurance", "devices", "groups", "logs", "orgs", "schemas", "userTypes", "users"];
        Self {
            client_id: client_id.to_owned(),
            public_keys: vec![public_key],
            scopes: names.iter().map(|name| format!("okta.{name}.read")).collect(),
            role: Role::ReadOnlyAdmin,
            demands_proofs: false,
            is_active: true,
        }
    }
}
