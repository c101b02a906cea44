//! A change: the difference between desired and current, as data that says everything the write needs.

use serde::{Deserialize, Serialize};

use super::{Claim, Content, Outcome, Standing, Time};

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
    /// The claim that the record holds before the write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_claim: Option<Claim>,
    /// What somebody hired again was known by before the write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_rejoin: Option<Claim>,
    /// The record that gives up the claim which this one takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Predecessor>,
    /// What the write does to the record.
    pub outcome: Outcome,
}

impl Change {
    /// A digest of what the write says: SHA-256, in hex, over the standing, the observation and the content. Two changes
    /// of one record and revision with the same digest write the same.
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let text = serde_json::to_vec(&(&self.standing, &self.observed, &self.content)).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A record that gives its claim to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predecessor {
    /// The other takes all of it over, for a person who was hired again under a new Okta id.
    TakenOver(Former),
    /// It stays behind without a claim, for its person is gone.
    LeftBehind(Former),
    /// There is no such record any more: the claim of this Okta id is one that somebody forgot.
    Forgotten(String),
}

/// A record that is there before another takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Its Okta id.
    pub id: String,
    /// `created` in Okta.
    pub source_created: Time,
    /// The revision that was read.
    pub revision: u64,
    /// When it came.
    pub first_synced: Time,
    /// The run that created it.
    pub created_by: String,
    /// The Okta ids that it had before.
    pub previous_ids: Vec<String>,
    /// The claim that it holds.
    pub claim: Option<Claim>,
    /// What its person is known by when hired again.
    pub rejoin: Option<Claim>,
}

impl Predecessor {
    /// The Okta id that holds the claim.
    pub fn id(&self) -> &str {
        match self {
            Predecessor::TakenOver(former) | Predecessor::LeftBehind(former) => &former.id,
            Predecessor::Forgotten(id) => id,
        }
    }
}

/// What Okta said of an object beside its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The status word.
    pub okta_status: String,
    /// `lastUpdated`.
    pub source_updated: Time,
}
