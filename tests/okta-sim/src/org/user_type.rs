//! Types of user beside the default one: each has a schema of its own.

use super::Org;
use crate::id::new_id;

/// A type of user that an administrator added. Nobody generated is of it; what matters is its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserType {
    /// Its id, `oty…`.
    pub id: String,
    /// The id of its schema, `osc…`.
    pub schema_id: String,
    /// Its name, such as `contractor`.
    pub name: String,
    /// The custom attributes that its profiles may have, all of them strings.
    pub attributes: Vec<String>,
}

impl Org {
    /// Adds a type of user whose profiles may have these custom attributes, beside the base ones.
    pub fn add_user_type(&mut self, name: &str, attributes: &[&str]) {
        let user_type = UserType {
            id: new_id(self.rng(), "oty"),
            schema_id: new_id(self.rng(), "osc"),
            name: name.to_owned(),
            attributes: attributes.iter().map(|attribute| (*attribute).to_owned()).collect(),
        };
        self.user_types.push(user_type);
    }

    /// The types of user beside the default one.
    #[must_use]
    pub fn user_types(&self) -> &[UserType] {
        &self.user_types
    }
}
