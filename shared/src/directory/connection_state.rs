//! What a connection remembers between runs. Its jobs share it, so a write is conditional on what was read.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::attribute::to_attribute;
use super::calls::Conditional;
use super::fence::Fence;
use super::keys::{self, Table};
use super::lease::Lease;
use super::update::{Update, text, whole};
use super::write::Written;
use super::{Directory, DirectoryError};
use crate::model::{ObjectKind, Time};

/// How often a change is made anew on what others wrote meanwhile.
const TRIES: u32 = 10;

/// What a connection remembers between runs; the default is that of one which has not run yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionState {
    /// The optimistic lock: 0 for a state that is not stored yet.
    #[serde(skip)]
    pub revision: u64,
    /// The org's id, pinned when it was first seen.
    pub org_id: Option<String>,
    /// Where it was last seen.
    pub org_seen: Option<OrgSeen>,
    /// The delta's watermark.
    pub watermark: Option<Time>,
    /// The run of the first import.
    pub first_import: Option<String>,
    /// When the first import started.
    pub first_started: Option<Time>,
    /// The last full import that saw everything.
    pub last_complete: Option<CompleteImport>,
    /// When objects of each kind but people were first asked for.
    pub first_asked: BTreeMap<ObjectKind, Time>,
    /// How far the devices were collected.
    pub devices: Option<Collection>,
    /// How far the applications were discovered.
    pub apps: Option<Collection>,
    /// Since when the log is looked through for absences that no import has settled yet: those that nothing explained,
    /// and those that wait in the hold or were discarded with one. `None` when all are settled.
    pub unsettled_since: Option<Time>,
    /// Deactivations of the last day, for the guard.
    pub deactivated: Vec<DayCount>,
}

/// Where an org was seen, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgSeen {
    /// The connection's URL then.
    pub url: String,
    /// Okta's clock.
    pub at: Time,
}

/// A full import that saw everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompleteImport {
    /// Its run.
    pub run: String,
    /// Okta's time when it began.
    pub t0: Time,
    /// A digest of the mappings that it worked with.
    pub mappings_digest: String,
    /// Active records at its end, by mapping.
    pub active: BTreeMap<String, u64>,
    /// How many users it saw.
    pub users: u64,
}

/// How far objects that are no people were collected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collection {
    /// The run that last saw all of them.
    pub run: String,
    /// Okta's time when it began.
    pub t0: Time,
    /// A digest of what all of them depend on beside themselves: the mappings, and the org's policies.
    pub background: String,
    /// Active records at its end, by mapping.
    pub active: BTreeMap<String, u64>,
    /// How many it saw.
    pub objects: u64,
    /// What changed since has to be looked at by the next run that does not look at all of them.
    pub watermark: Time,
    /// Since when the log is looked through for absences that no run has settled yet; `None` when all are settled.
    pub unsettled_since: Option<Time>,
}

/// Deactivations carried out at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// When.
    pub at: Time,
    /// Under which mapping.
    pub mapping: String,
    /// How many.
    pub count: u64,
    /// The run that carried them out.
    pub run: String,
}

impl Directory {
    /// What a connection remembers.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn connection_state(&self, name: &str) -> Result<ConnectionState, DirectoryError> {
        let Some(item) = self.get(&keys::connection_state(name)).await? else { return Ok(ConnectionState::default()) };
        let revision = item.whole("revision")?;
        item.value("state").map(|state| ConnectionState { revision, ..state })
    }

    /// Stores what a connection remembers, if nobody did since it was read.
    ///
    /// # Errors
    /// Retryable when the lease, if one is given, has lapsed or a later holder has written, or DynamoDB throttles or is
    /// out of reach; fatal when it refuses. That others were faster is no error.
    pub async fn put_connection_state(
        &self,
        lease: Option<&Lease>,
        name: &str,
        state: &ConnectionState,
    ) -> Result<Written, DirectoryError> {
        let value = self.state_value(state, || format!("the state of connection {name}"))?;
        // The write has a name of its own, so that the SDK's second try of it is not taken for somebody else's.
        let write = Ulid::generate().to_string();
        let mut update =
            Update::new().set("state", value).set("revision", whole(state.revision + 1)).set("write", text(&write));
        update = match state.revision {
            0 => update.if_absent("pk"),
            revision => update.if_compares("revision", "=", whole(revision)),
        };
        let key = keys::connection_state(name);
        let Some(lease) = lease else { return Ok(outcome(&self.update(&key, update).await?, &write)) };
        let fence = Fence::of(lease);
        let written = self.update_under(lease, &key, update.fenced(&fence)).await?;
        match &written {
            Conditional::Refused(item) if item.optional_whole(&fence.attribute) > Some(fence.token) => {
                Err(DirectoryError::Fenced { what: format!("the state of connection {name}") })
            }
            _ => Ok(outcome(&written, &write)),
        }
    }

    /// Changes what a connection remembers: on the newest state, and again on a newer one until it is stored. Returns
    /// what is stored.
    ///
    /// # Errors
    /// As for reading and storing it; and retryable when others were faster at every try.
    pub async fn change_connection_state(
        &self,
        lease: Option<&Lease>,
        name: &str,
        change: impl Fn(&mut ConnectionState),
    ) -> Result<ConnectionState, DirectoryError> {
        for _ in 0..TRIES {
            let mut state = self.connection_state(name).await?;
            change(&mut state);
            if self.put_connection_state(lease, name, &state).await? == Written::Done {
                return Ok(ConnectionState { revision: state.revision + 1, ..state });
            }
        }
        Err(DirectoryError::Contended { what: format!("the state of connection {name}") })
    }
}

impl Directory {
    /// A value as an attribute of the state table; `what` names it where it does not fit.
    pub(super) fn state_value(
        &self,
        value: &impl Serialize,
        what: impl Fn() -> String,
    ) -> Result<AttributeValue, DirectoryError> {
        let refused = |detail: String| DirectoryError::Refused { call: self.call("UpdateItem", Table::State), detail };
        let value = serde_json::to_value(value).map_err(|error| refused(error.to_string()))?;
        to_attribute(&value).map_err(|unfit| refused(format!("{} {unfit}", what())))
    }
}

fn outcome(written: &Conditional, write: &str) -> Written {
    match written {
        Conditional::Done(_) => Written::Done,
        Conditional::Refused(item) if item.optional_text("write") == Some(write) => Written::Done,
        Conditional::Refused(_) => Written::Lost,
    }
}
