//! Departments: derived from the people in them, because Okta has none.
//!
//! Of everybody whom a mapping of departments admits, the directory keeps who is in which department, as records of a
//! mapping beside it. Counting those gives the departments. A count is never moved up or down by itself, so that no
//! crash and no person met twice can make it wrong.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::filter::fold;
use super::{Reason, Standing, Time};

/// The name of the mapping that keeps the people whom a mapping of departments counts; nobody can give it to another,
/// for no name that is written in a document has a slash.
pub fn people_of(mapping: &str) -> String {
    format!("{mapping}/people")
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// What it is known by: its name, trimmed and in lower case.
    pub id: String,
    /// Its name, as most of its people spell it.
    pub name: String,
    /// How many people are in it who have not left: active, suspended, or still to come.
    pub headcount: u64,
    /// How many of those are active.
    pub active: u64,
}

impl Department {
    /// What stands in for the time of creation, which is part of a record's key and which no department has.
    pub const CREATED: Time = Time::EPOCH;

    /// The object that expressions read.
    pub(super) fn object(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "headcount": self.headcount, "active": self.active })
    }

    /// A department is in use while somebody is in it who has not left.
    pub fn standing(&self) -> Standing {
        (self.headcount == 0).then_some(Reason::Deactivated)
    }
}

/// Departments being counted. Its size follows the number of departments, not of people.
#[derive(Debug, Default)]
pub struct Headcount {
    departments: BTreeMap<String, Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    spellings: BTreeMap<String, u64>,
    headcount: u64,
    active: u64,
}

impl Headcount {
    /// Counts somebody, given their department and how they stand. Whom a filter leaves out or Okta no longer has is in
    /// no department, nor is somebody whose department is blank or no text.
    pub fn add(&mut self, department: &Value, standing: Standing) {
        let Some(name) = department.as_str().map(str::trim).filter(|name| !name.is_empty()) else { return };
        if matches!(standing, Some(Reason::Deleted | Reason::Missing | Reason::OutOfScope)) {
            return;
        }
        let counted = self.departments.entry(fold(name)).or_default();
        *counted.spellings.entry(name.to_owned()).or_default() += 1;
        counted.headcount += u64::from(standing != Some(Reason::Deactivated));
        counted.active += u64::from(standing.is_none());
    }

    /// The departments, by id.
    pub fn departments(self) -> impl Iterator<Item = Department> {
        self.departments.into_iter().map(|(id, counted)| {
            let Counted { spellings, headcount, active } = counted;
            // Of spellings that as many people use, the first of the alphabet: the same people give the same name.
            let commonest = spellings.into_iter().rev().max_by_key(|(_, people)| *people);
            let name = commonest.map_or_else(|| id.clone(), |(name, _)| name);
            Department { id, name, headcount, active }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(people: &[(&str, Standing)]) -> Vec<Department> {
        let mut headcount = Headcount::default();
        people.iter().for_each(|(name, standing)| headcount.add(&json!(name), *standing));
        headcount.departments().collect()
    }

    fn department(id: &str, name: &str, (headcount, active): (u64, u64)) -> Department {
        Department { id: id.to_owned(), name: name.to_owned(), headcount, active }
    }

    #[test]
    fn spellings_are_one_department_and_the_commonest_names_it() {
        let people = [("Sales", None), (" sales ", None), ("SALES", None), ("Sales", None), ("Legal", None)];
        let expected = [department("legal", "Legal", (1, 1)), department("sales", "Sales", (4, 4))];
        assert_eq!(counted(&people), expected);
        assert_eq!(counted(&[("b", None), ("B", None)])[0].name, "B");
        assert_eq!(counted(&[("B", None), ("b", None)])[0].name, "B");
    }

    #[test]
    fn leavers_count_no_more_and_others_count_by_how_they_stand() {
        for (standing, expected) in [
            (None, (1, 1)),
            (Some(Reason::Suspended), (1, 0)),
            (Some(Reason::Pending), (1, 0)),
            (Some(Reason::Deactivated), (0, 0)),
        ] {
            let found = counted(&[("Sales", standing)]);
            assert_eq!(found, [department("sales", "Sales", expected)], "{standing:?}");
            assert_eq!(found[0].standing().is_none(), expected.0 > 0);
        }
        for standing in [Reason::Deleted, Reason::Missing, Reason::OutOfScope] {
            assert_eq!(counted(&[("Sales", Some(standing))]), []);
        }
    }

    #[test]
    fn what_is_no_name_is_no_department() {
        let mut headcount = Headcount::default();
        for nothing in [json!(null), json!(""), json!("  "), json!(7), json!(["Sales"])] {
            headcount.add(&nothing, None);
        }
        assert_eq!(headcount.departments().count(), 0);
    }
}
