//! What somebody may do, and the groups of the organisation's own Okta that say so.

use std::collections::{BTreeSet, HashMap};

/// What somebody may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May read everything.
    Reader,
    /// May also start, approve and cancel runs, and have connections verified and previewed.
    Operator,
    /// May also store and remove connections.
    Administrator,
}

impl Role {
    /// The role in a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Operator => "operator",
            Role::Administrator => "administrator",
        }
    }
}

/// Which groups give which role to those who come with a token, and the claim that names their groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleGroups {
    claim: String,
    readers: BTreeSet<String>,
    operators: BTreeSet<String>,
    administrators: BTreeSet<String>,
}

impl RoleGroups {
    /// Reads `ROLLCALL_GROUPS_CLAIM` (default `groups`), and `ROLLCALL_READERS`, `ROLLCALL_OPERATORS` and
    /// `ROLLCALL_ADMINISTRATORS`: names of groups, with commas between them. A role without a group is nobody's.
    pub fn from_environment() -> RoleGroups {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let claim = Some(variable("ROLLCALL_GROUPS_CLAIM")).filter(|claim| !claim.is_empty());
        RoleGroups {
            claim: claim.unwrap_or_else(|| "groups".to_owned()),
            readers: names(&variable("ROLLCALL_READERS")),
            operators: names(&variable("ROLLCALL_OPERATORS")),
            administrators: names(&variable("ROLLCALL_ADMINISTRATORS")),
        }
    }

    /// The largest role that a token's claims give, if any.
    pub(crate) fn role_of(&self, claims: &HashMap<String, String>) -> Option<Role> {
        let groups = groups(claims.get(&self.claim)?);
        let is_in = |names: &BTreeSet<String>| groups.iter().any(|group| names.contains(group));
        [(Role::Administrator, &self.administrators), (Role::Operator, &self.operators), (Role::Reader, &self.readers)]
            .into_iter()
            .find(|(_, names)| is_in(names))
            .map(|(role, _)| role)
    }
}

fn names(list: &str) -> BTreeSet<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The groups that a claim names. API Gateway hands a list on as text, its parts parted by spaces, in brackets: `[a b]`. So
/// a name with a space in it cannot be told from two names, and is none here.
fn groups(claim: &str) -> Vec<String> {
    let claim = claim.trim();
    if let Ok(groups) = serde_json::from_str::<Vec<String>>(claim) {
        return groups;
    }
    match claim.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        Some(list) => list.split_whitespace().map(|name| name.trim_end_matches(',').to_owned()).collect(),
        None => vec![claim.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Role, RoleGroups, names};

    fn role_groups() -> RoleGroups {
        RoleGroups {
            claim: "groups".to_owned(),
            readers: names("rollcall-readers, auditors"),
            operators: names("rollcall-operators"),
            administrators: names("rollcall-administrators,"),
        }
    }

    fn role_of(claim: &str) -> Option<Role> {
        role_groups().role_of(&HashMap::from([("groups".to_owned(), claim.to_owned())]))
    }

    #[test]
    fn a_list_of_groups_is_read_in_every_form_that_it_comes_in() {
        for claim in
            ["[Everyone auditors]", "[auditors]", "auditors", "[\"Everyone\",\"auditors\"]", "[Everyone, auditors]"]
        {
            assert_eq!(role_of(claim), Some(Role::Reader), "{claim}");
        }
    }

    #[test]
    fn the_largest_role_counts_and_no_group_gives_none() {
        assert_eq!(role_of("[auditors rollcall-administrators rollcall-operators]"), Some(Role::Administrator));
        assert_eq!(role_of("[rollcall-operators]"), Some(Role::Operator));
        for claim in ["[Everyone]", "", "[]", "rollcall-operators-of-old", "not auditors"] {
            assert_eq!(role_of(claim), None, "{claim:?}");
        }
        assert_eq!(role_groups().role_of(&HashMap::new()), None);
        assert_eq!(RoleGroups::default().role_of(&HashMap::from([(String::new(), String::new())])), None);
    }
}
