//! What the directory holds, and what it should hold: the two sides that reconcile compares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Claim, Time};

/// What kind of thing a record describes; follows from its mapping's source and target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person with access to the asset product.
    LoginUser,
    /// A reference record about a person.
    Record,
    /// A device.
    Device,
    /// A discovered application.
    Service,
    /// A department.
    Department,
}

/// Whether a record stands for somebody or something in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In use.
    Active,
    /// Not in use, for a [`Reason`].
    Inactive,
}

/// Why a record is inactive: the first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Okta answers 404 and its log has the deletion.
    Deleted,
    /// Okta answers 404 and its log cannot tell why.
    Missing,
    /// DEPROVISIONED in Okta.
    Deactivated,
    /// SUSPENDED in Okta.
    Suspended,
    /// STAGED in Okta: not there yet.
    Pending,
    /// A filter or a group no longer admits it.
    OutOfScope,
}

impl Reason {
    /// Whether Okta no longer has the object: only a read by id that finds it brings its record back.
    pub fn is_gone(self) -> bool {
        matches!(self, Reason::Deleted | Reason::Missing)
    }

    /// The word for it in records and reports.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Deleted => "deleted",
            Reason::Missing => "missing",
            Reason::Deactivated => "deactivated",
            Reason::Suspended => "suspended",
            Reason::Pending => "pending",
            Reason::OutOfScope => "out_of_scope",
        }
    }
}

/// Whether a record is active, and if not, why: `None` is active.
pub type Standing = Option<Reason>;

/// What Okta says about one object under one mapping: the desired side of a diff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// The object's Okta id.
    pub id: String,
    /// Okta's status word, kept as it came.
    pub okta_status: String,
    /// `created` of the object; never changes in Okta.
    pub source_created: Time,
    /// `lastUpdated` of the object.
    pub source_updated: Time,
    /// Why the object's status alone makes a record inactive, if it does.
    pub standing: Standing,
    /// What the mapping makes of the object, or `None` when a filter leaves it out.
    pub content: Option<Content>,
    /// How sure it is that the object's record should be as it says.
    pub scope: Scope,
}

/// What of a desired record does not follow from its object alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Nothing: the object itself says all.
    OfObject,
    /// Only that the object is in no group of the mapping leaves it out; a list of members may lag.
    OutsideGroups,
    /// A record of it would begin inactive, and records of this kind only begin active.
    NotBegun,
}

/// What a mapping computed from an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The unique identifier.
    pub identifier: String,
    /// The claim that makes it unique; `None` where the mapping's identifier is the Okta id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// What somebody who is hired again is known by, where the mapping says what that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejoin: Option<Claim>,
    /// The role, for login users.
    pub role: Option<String>,
    /// The mapped fields by name.
    pub fields: Map<String, Value>,
    /// What the person's manager is known by, where the mapping resolves that: then the field [`MANAGER`] is filled in
    /// when the record is written, for which record it is does not follow from the person alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
}

/// The field that a mapping with `resolve: manager` fills in.
pub const MANAGER: &str = "manager";

impl Content {
    /// A digest of everything in it that follows from its object: SHA-256, in hex, over its JSON with sorted keys.
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let text = match &self.manager {
            None => serde_json::to_vec(&(&self.identifier, &self.role, &self.fields)),
            Some(manager) => {
                let fields: BTreeMap<_, _> = self.fields.iter().filter(|(name, _)| *name != MANAGER).collect();
                serde_json::to_vec(&(&self.identifier, &self.role, &fields, manager))
            }
        };
        let text = text.unwrap_or_default();
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        Sha256::digest(text).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

/// What the directory holds of one record, as far as a diff needs it: the current side.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    /// The optimistic lock that a write is conditional on.
    pub revision: u64,
    /// [`Content::digest`] of what is stored.
    pub digest: String,
    /// Active (`None`) or why not.
    pub standing: Standing,
    /// The claim that the record holds.
    pub claim: Option<Claim>,
    /// What somebody who is hired again is known by.
    pub rejoin: Option<Claim>,
    /// The Okta id that took the record over: then this is no record, but what is left in its place.
    pub superseded_by: Option<String>,
    /// The stored Okta status.
    pub okta_status: String,
    /// The stored `lastUpdated`.
    pub source_updated: Time,
    /// The run that created the record.
    pub created_by: String,
    /// The run that last wrote the record, and what it did to it: a replay in the same run counts the same outcome.
    pub last_write: LastWrite,
}

/// The last write of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWrite {
    /// The run that wrote.
    pub run: String,
    /// What it did.
    pub outcome: Outcome,
}

/// What became of one object under one mapping in one run: exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A record that was not there.
    Created,
    /// A record that says something else now, its state apart.
    Updated,
    /// An active record made inactive.
    Deactivated,
    /// An inactive record made active.
    Reactivated,
    /// Nothing to write.
    Unchanged,
    /// A filter leaves the object out.
    Excluded,
    /// The observation is older than what is stored.
    Stale,
    /// A deactivation that waits for approval.
    Held,
    /// Rejected, and kept with its reason.
    Unsynced,
}

/// A record as readers of the directory see it: the outside contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Record {
    /// The connection's name.
    pub connection: String,
    /// The mapping's name.
    pub mapping: String,
    /// What it describes.
    pub kind: Kind,
    /// The Okta id.
    pub id: String,
    /// The unique identifier within the mapping.
    pub identifier: String,
    /// Active or inactive.
    pub state: State,
    /// Why it is inactive; null when active.
    pub reason: Option<Reason>,
    /// The role of a login user.
    pub role: Option<String>,
    /// The mapped fields.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Value>))]
    pub fields: Map<String, Value>,
    /// Okta's status word.
    pub okta_status: String,
    /// `lastUpdated` in Okta.
    pub source_updated: Time,
    /// When the record was created here.
    pub first_synced: Time,
    /// When the record last changed here.
    pub last_changed: Time,
    /// `created` in Okta.
    pub source_created: Time,
    /// Earlier Okta ids of the same person.
    pub previous_ids: Vec<String>,
    /// The optimistic lock: one more with every write.
    pub revision: u64,
}

/// A rejected object, kept with its reason until it syncs: the outside contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnsyncedRow {
    /// The connection's name.
    pub connection: String,
    /// The mapping's name.
    pub mapping: String,
    /// The Okta id, or a made-up one (`malformed-…`) when the object has none that can be read.
    pub id: String,
    /// The identifier, when it could be computed.
    pub identifier: Option<String>,
    /// The reason's code.
    pub reason: RejectionReason,
    /// What is wrong, in a sentence; never the profile.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// When it was first rejected.
    pub first_seen: Time,
    /// When it was last rejected.
    pub last_seen: Time,
    /// How many runs rejected it.
    pub attempts: u64,
}

/// Why an object could not become a record, or a record could not be trusted to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectionReason {
    /// Not the object that Okta documents: wrong types, no profile, unreadable text.
    Malformed,
    /// Larger than a record can be.
    TooLarge,
    /// The identifier's expression gave null or an empty string.
    MissingIdentifier,
    /// A required field is null or empty.
    MissingRequired,
    /// An expression met a value of a type that it cannot work on.
    ExpressionFailed,
    /// Okta refuses to show this one person to the credential.
    Withheld,
    /// Okta does not show a known object, and no deletion is in its log.
    UnexplainedAbsence,
    /// Somebody else's record has the identifier.
    DuplicateIdentifier,
    /// Several records could be this person's earlier one.
    AmbiguousMatch,
    /// Another Okta id took this person's record over, and now both are in use.
    Superseded,
    /// The object went away while this run's view of Okta could not be trusted.
    BlindRun,
}

/// A rejection: the reason, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The code.
    pub reason: RejectionReason,
    /// What is wrong, naming the field or attribute, never quoting the profile.
    pub message: String,
    /// The identifier, when it could be computed.
    pub identifier: Option<String>,
}
