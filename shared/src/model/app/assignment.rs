//! Assignments: a row of an application's people, as Okta lists them.
//!
//! Okta lists under one roof who may use an application, whose account in it is switched off, whose access has ended, and
//! accounts that an import found there and that may be nobody's. The row's status tells them apart:
//!
//! | status | access | |
//! | --- | --- | --- |
//! | `ACTIVE`, `PROVISIONED`, `IMPLICIT` | granted | they may use it |
//! | `APPROVED`, `STAGED`, `PENDING` | granted | assigned, though the account in the application is still to come |
//! | `SUSPENDED`, `INACTIVE` | dormant | assigned, and the account in the application is switched off |
//! | `REVOKED` | dormant | switched off, and somebody still has to confirm that the account was removed |
//! | `DEPROVISIONED` | none | the account was removed |
//! | `IMPORTED`, `MATCHED`, `UNASSIGNED` | none | found in the application by an import, and not assigned |
//!
//! A status that nobody has heard of grants access: a word that Okta adds one day must not hide that somebody has it.

use serde::{Deserialize, Serialize};

use super::part::Kept;
use crate::model::raw::is_object_id;
use crate::model::{RawObject, Time};

/// Somebody's assignment to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// Since when, where Okta says.
    pub since: Option<Time>,
    /// How.
    pub how: Assigned,
    /// The row's status.
    pub status: AssignmentStatus,
}

/// How somebody is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assigned {
    /// In person, and perhaps by a group as well.
    Directly,
    /// By a group alone.
    ByGroup,
}

/// What a row gives the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They are assigned: they count among the application's people.
    Granted,
    /// An account in the application is left to them that they cannot use now. It is kept, because somebody who has left
    /// should have none, and does not count.
    Dormant,
    /// Nothing: the row is passed over.
    None,
}

/// The status of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Okta's words, which the module's table explains")]
pub enum AssignmentStatus {
    Active,
    Approved,
    Deprovisioned,
    Implicit,
    Imported,
    Inactive,
    Matched,
    Pending,
    Provisioned,
    Revoked,
    Staged,
    Suspended,
    Unassigned,
    /// A word that is not documented, or none.
    Unknown,
}

use AssignmentStatus::{
    Active, Approved, Deprovisioned, Implicit, Imported, Inactive, Matched, Pending, Provisioned, Revoked, Staged,
    Suspended, Unassigned, Unknown,
};

/// Okta's words (Okta: List all application users).
const WORDS: [(AssignmentStatus, &str); 13] = [
    (Active, "ACTIVE"),
    (Approved, "APPROVED"),
    (Deprovisioned, "DEPROVISIONED"),
    (Implicit, "IMPLICIT"),
    (Imported, "IMPORTED"),
    (Inactive, "INACTIVE"),
    (Matched, "MATCHED"),
    (Pending, "PENDING"),
    (Provisioned, "PROVISIONED"),
    (Revoked, "REVOKED"),
    (Staged, "STAGED"),
    (Suspended, "SUSPENDED"),
    (Unassigned, "UNASSIGNED"),
];

impl AssignmentStatus {
    /// The status of a word.
    pub fn of(word: &str) -> AssignmentStatus {
        WORDS.iter().find(|(_, known)| *known == word).map_or(Unknown, |(status, _)| *status)
    }

    /// Okta's word for it.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(status, _)| *status == self).map_or("UNKNOWN", |(_, word)| *word)
    }

    /// What it gives the person.
    pub fn access(self) -> Access {
        match self {
            Active | Provisioned | Implicit | Approved | Staged | Pending | Unknown => Access::Granted,
            Suspended | Inactive | Revoked => Access::Dormant,
            Deprovisioned | Imported | Matched | Unassigned => Access::None,
        }
    }
}

/// A row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableAssignment;

impl Assignment {
    /// Reads a row: the user's id, and how they are assigned. The row's id *is* the user's.
    ///
    /// # Errors
    /// When it is no object, or has no id.
    pub fn of(row: &RawObject) -> Result<(String, Assignment), UnreadableAssignment> {
        let row: Row = serde_json::from_str(&row.text).map_err(|_| UnreadableAssignment)?;
        if !is_object_id(&row.id) {
            return Err(UnreadableAssignment);
        }
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let moment = |value: &serde_json::Value| text(value)?.parse::<Time>().ok();
        let assignment = Assignment {
            since: moment(&row.created).or_else(|| moment(&row.last_updated)),
            how: if row.scope == "GROUP" { Assigned::ByGroup } else { Assigned::Directly },
            status: row.status.as_str().map_or(Unknown, AssignmentStatus::of),
        };
        Ok((row.id, assignment))
    }
}

/// A row as far as it matters here. Whatever is odd in it, somebody is assigned.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    #[serde(default)]
    created: serde_json::Value,
    #[serde(default)]
    last_updated: serde_json::Value,
    #[serde(default)]
    scope: serde_json::Value,
    #[serde(default)]
    status: serde_json::Value,
}

/// As `{since}.{d or g}.{status}`.
impl Kept for Assignment {
    fn write(&self, text: &mut String) {
        if let Some(since) = self.since {
            since.write(text);
        }
        text.push_str(match self.how {
            Assigned::Directly => ".d.",
            Assigned::ByGroup => ".g.",
        });
        text.push_str(self.status.word());
    }

    fn read(text: &str) -> Option<Assignment> {
        let mut words = text.split('.');
        let (since, how, status) = (words.next()?, words.next()?, words.next()?);
        let since = if since.is_empty() { None } else { Some(Time::read(since)?) };
        let how = match how {
            "d" => Assigned::Directly,
            "g" => Assigned::ByGroup,
            _ => return None,
        };
        words.next().is_none().then_some(Assignment { since, how, status: AssignmentStatus::of(status) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::app::part;

    fn of(text: &str) -> Result<(String, Assignment), UnreadableAssignment> {
        Assignment::of(&RawObject::intact(text))
    }

    #[test]
    fn a_row_says_who_since_when_how_and_in_which_status() {
        let row = r#"{"id":"00u1","externalId":null,"created":"2026-02-02T11:15:32.000Z","scope":"GROUP",
            "lastUpdated":"2026-03-02T11:15:32.000Z","status":"PROVISIONED","profile":{"name":"Ada"}}"#;
        let since = Some("2026-02-02T11:15:32.000Z".parse().unwrap());
        let expected = Assignment { since, how: Assigned::ByGroup, status: Provisioned };
        assert_eq!(of(row), Ok(("00u1".to_owned(), expected)));
    }

    #[test]
    fn odd_rows_still_say_who_is_assigned() {
        let odd = Assignment { since: None, how: Assigned::Directly, status: Unknown };
        for row in [
            r#"{"id":"00u1"}"#,
            r#"{"id":"00u1","created":null,"lastUpdated":7,"scope":null,"status":null}"#,
            r#"{"id":"00u1","created":"yesterday","scope":["GROUP"],"status":{"word":"ACTIVE"}}"#,
            r#"{"id":"00u1","scope":"TEAM","status":"NEVER_HEARD_OF"}"#,
        ] {
            assert_eq!(of(row), Ok(("00u1".to_owned(), odd)), "{row}");
        }
        assert_eq!(Unknown.access(), Access::Granted);
        for row in ["{}", "[]", "7", r#"{"id":7}"#, r#"{"id":"../users"}"#, r#"{"id":""#] {
            assert_eq!(of(row), Err(UnreadableAssignment), "{row}");
        }
    }

    #[test]
    fn every_status_is_one_of_the_table() {
        for (access, words) in [
            (Access::Granted, &["ACTIVE", "PROVISIONED", "IMPLICIT", "APPROVED", "STAGED", "PENDING"][..]),
            (Access::Dormant, &["SUSPENDED", "INACTIVE", "REVOKED"]),
            (Access::None, &["DEPROVISIONED", "IMPORTED", "MATCHED", "UNASSIGNED"]),
        ] {
            for word in words {
                let status = AssignmentStatus::of(word);
                assert_eq!((status.access(), status.word()), (access, *word));
            }
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let people: Vec<_> = WORDS.iter().map(|(status, _)| *status).chain([Unknown]).enumerate().collect();
        let people: Vec<part::Person<Assignment>> = people
            .into_iter()
            .map(|(number, status)| {
                let since = (number % 3 > 0).then(|| Time::from_millis(1_700_000_000_000 + number as i64));
                let how = if number % 2 == 0 { Assigned::Directly } else { Assigned::ByGroup };
                (format!("00u{number:02}"), Assignment { since, how, status })
            })
            .collect();
        assert_eq!(part::read(&part::written(&people)).as_ref(), Some(&people));
        for damaged in ["00u1:", "00u1:d.ACTIVE", "00u1:x.d.ACTIVE", "00u1:1.e.ACTIVE", "00u1:1.d.ACTIVE.d"] {
            assert_eq!(part::read::<Assignment>(damaged), None, "{damaged}");
        }
    }
}
