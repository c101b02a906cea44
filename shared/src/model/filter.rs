//! Which objects a mapping admits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Attributes, Object};

/// A mapping's filter: values within a key are alternatives, keys combine with *and*, a key left out admits everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub(super) statuses: Option<BTreeSet<String>>,
    pub(super) departments: Option<Departments>,
    /// By name or id, in the order of the document.
    pub(super) groups: Option<Vec<String>>,
}

/// The key of a filter that leaves somebody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// `filter.statuses`
    Statuses,
    /// `filter.departments`
    Departments,
    /// `filter.groups`, or, of login users without it, the groups of `roles`.
    Groups,
}

/// Departments by name, compared trimmed and without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Departments {
    names: BTreeSet<String>,
    folded: BTreeSet<String>,
}

impl Departments {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Departments {
        let names: BTreeSet<String> = names.into_iter().collect();
        let folded = names.iter().map(|name| fold(name)).collect();
        Departments { names, folded }
    }
}

impl Filter {
    /// Whether the filter admits this object, membership in groups aside.
    pub fn admits(&self, object: &Object) -> bool {
        self.leaves_out(object).is_none()
    }

    /// The first rule that leaves this object out, membership in groups aside; `None` when the filter admits it.
    pub fn leaves_out(&self, object: &Object) -> Option<Rule> {
        if self.statuses.as_ref().is_some_and(|statuses| !statuses.contains(&object.status)) {
            return Some(Rule::Statuses);
        }
        let name = || object.attribute("department").and_then(Value::as_str).unwrap_or_default();
        // A department is never blank, so somebody without one is in none of them.
        let outside = |departments: &Departments| !departments.folded.contains(&fold(name()));
        self.departments.as_ref().is_some_and(outside).then_some(Rule::Departments)
    }

    /// Whether everyone is admitted.
    pub fn is_open(&self) -> bool {
        self.statuses.is_none() && self.departments.is_none() && self.groups.is_none()
    }

    /// Adds what the filter has to read of an object.
    pub(super) fn attributes(&self, attributes: &mut Attributes) {
        if self.departments.is_some() {
            attributes.profile.insert("department".to_owned());
        }
    }

    /// The filter as a connection's document has it; without the keys that admit everyone.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        if let Some(statuses) = &self.statuses {
            document.insert("statuses".to_owned(), json!(statuses));
        }
        if let Some(departments) = &self.departments {
            document.insert("departments".to_owned(), json!(departments.names));
        }
        if let Some(groups) = &self.groups {
            document.insert("groups".to_owned(), json!(groups));
        }
        Value::Object(document)
    }
}

/// The form in which departments are compared.
pub(super) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{user_of_status, user_with};

    fn statuses(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn departments(names: &[&str]) -> Option<Departments> {
        Some(Departments::new(names.iter().map(|name| (*name).to_owned())))
    }

    #[test]
    fn departments_compare_trimmed_and_without_case() {
        for (allowed, department, admitted) in [
            (&["Sales"][..], json!("Sales"), true),
            (&["Sales"], json!(" sALES\t"), true),
            (&[" sales "], json!("Sales"), true),
            (&["Finance", "Sales"], json!("finance"), true),
            (&["ÄRZTE"], json!("ärzte"), true),
            (&["Sales"], json!("Sales EMEA"), false),
            (&["Sales"], json!(""), false),
            (&["Sales"], json!("  "), false),
            (&["Sales"], json!(null), false),
            (&["1"], json!(1), false),
            (&["Sales"], json!(["Sales"]), false),
        ] {
            let filter = Filter { departments: departments(allowed), ..Filter::default() };
            let user = user_with(json!({ "department": department }));
            assert_eq!(filter.admits(&user), admitted, "{allowed:?} {department}");
        }
    }

    #[test]
    fn keys_combine_with_and() {
        for (allowed, status, departments, admitted) in [
            (None, "DEPROVISIONED", None, true),
            (statuses(&["ACTIVE"]), "ACTIVE", None, true),
            (statuses(&["ACTIVE"]), "STAGED", None, false),
            (statuses(&["ACTIVE", "STAGED"]), "STAGED", None, true),
            (statuses(&["ACTIVE"]), "BRAND_NEW", None, false),
            (statuses(&["ACTIVE"]), "ACTIVE", departments(&["sales"]), true),
            (statuses(&["ACTIVE"]), "STAGED", departments(&["sales"]), false),
            (statuses(&["ACTIVE"]), "ACTIVE", departments(&["finance"]), false),
        ] {
            let filter = Filter { statuses: allowed, departments, groups: None };
            assert_eq!(filter.admits(&user_of_status(status)), admitted, "{filter:?} {status}");
        }
    }

    #[test]
    fn the_first_rule_that_leaves_somebody_out_is_named() {
        let filter =
            Filter { statuses: statuses(&["ACTIVE"]), departments: departments(&["Finance"]), ..Filter::default() };
        assert_eq!(filter.leaves_out(&user_of_status("STAGED")), Some(Rule::Statuses));
        assert_eq!(filter.leaves_out(&user_of_status("ACTIVE")), Some(Rule::Departments));
        assert_eq!(filter.leaves_out(&user_with(json!({ "department": "finance" }))), None);
    }

    #[test]
    fn somebody_without_a_department_is_in_none() {
        let mut object = crate::model::samples::user_object();
        object["profile"].as_object_mut().unwrap().remove("department");
        let filter = Filter { departments: departments(&["Sales"]), ..Filter::default() };
        assert!(!filter.admits(&crate::model::samples::decoded(&object)));
    }
}
