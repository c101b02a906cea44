//! A change: the difference between desired and current, as data that says everything the write needs.

use serde::{Deserialize, Serialize};

use super::{Content, Outcome, Standing, Time};

/// One write of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The object's Okta id.
    pub id: String,
    /// `created` in Okta: part of the record's key.
    pub source_created: Time,
    /// The revision that was diffed against; `None` when there must be no record yet.
    pub expected: Option<u64>,
    /// Active (`None`), or why not, after the write.
    pub standing: Standing,
    /// What was observed of the object; `None` when Okta no longer shows it, and what is stored stays.
    pub observed: Option<Observed>,
    /// What the mapping makes of the object; `None` when only the standing changes.
    pub content: Option<Content>,
    /// What the write does to the record.
    pub outcome: Outcome,
}

/// What Okta said of an object beside its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The status word.
    pub okta_status: String,
    /// `lastUpdated`.
    pub source_updated: Time,
}
