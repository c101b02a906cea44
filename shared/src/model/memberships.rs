//! Which of a mapping's groups somebody is in, and what follows from it.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The mapped groups that one user is in, by the names or ids that the mappings give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships(Arc<BTreeSet<String>>);

impl Memberships {
    /// Whether the user is in a group.
    pub fn contains(&self, group: &str) -> bool {
        self.0.contains(group)
    }
}

impl<S: Into<String>> FromIterator<S> for Memberships {
    fn from_iter<I: IntoIterator<Item = S>>(groups: I) -> Memberships {
        Memberships(Arc::new(groups.into_iter().map(Into::into).collect()))
    }
}

/// The role that the members of a group get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// The group, by name or id.
    pub group: String,
    /// The role.
    pub role: String,
}

/// The role of the first rule whose group somebody is in; `None` when they are in none of them.
pub(super) fn role_of(rules: &[RoleRule], memberships: &Memberships) -> Option<String> {
    rules.iter().find(|rule| memberships.contains(&rule.group)).map(|rule| rule.role.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_gives_the_role() {
        let rule = |group: &str, role: &str| RoleRule { group: group.to_owned(), role: role.to_owned() };
        let rules = [rule("Admins", "administrator"), rule("Users", "viewer")];
        for (groups, role) in [
            (&["Users", "Admins"][..], Some("administrator")),
            (&["Users"], Some("viewer")),
            (&["users"], None),
            (&[], None),
        ] {
            let memberships: Memberships = groups.iter().copied().collect();
            assert_eq!(role_of(&rules, &memberships).as_deref(), role, "{groups:?}");
        }
    }
}
