//! The run report: what a run did, counted, in the form that the outside sees.

use std::collections::BTreeMap;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::model::{Job, Outcome, Time};

/// How a run stands or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// At work, or waiting for its next invocation.
    Running,
    /// Everything that Okta says is in the directory.
    Succeeded,
    /// Stopped by a problem.
    Failed,
    /// Deactivations wait for approval; everything else is applied.
    Held,
    /// The view of Okta could not be trusted; nobody was deactivated.
    Blind,
    /// Stopped by a person.
    Cancelled,
}

/// A run report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunReport {
    /// The run's id, a ULID.
    pub run: String,
    /// The connection's name.
    pub connection: String,
    /// The job.
    pub job: Job,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// How many invocations it took so far.
    pub invocations: u64,
    /// What became of every object, by mapping.
    pub mappings: BTreeMap<String, Counts>,
    /// How far it is.
    pub progress: Progress,
    /// Time from Okta's event to the inactive record, where the job measures it.
    pub lag_seconds: Option<Lag>,
    /// What it asked of Okta.
    pub okta: OktaUse,
    /// What it used of DynamoDB.
    pub dynamodb: DynamoDbUse,
    /// What stopped it or needs attention.
    pub problem: Option<Problem>,
    /// What an operator should know though it stopped nothing.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// One bucket for every object: `read` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Counts {
    /// Objects met.
    pub read: u64,
    /// [`Outcome::Created`].
    pub created: u64,
    /// [`Outcome::Updated`].
    pub updated: u64,
    /// [`Outcome::Deactivated`].
    pub deactivated: u64,
    /// [`Outcome::Reactivated`].
    pub reactivated: u64,
    /// [`Outcome::Unchanged`].
    pub unchanged: u64,
    /// [`Outcome::Excluded`].
    pub excluded: u64,
    /// [`Outcome::Stale`].
    pub stale: u64,
    /// [`Outcome::Held`].
    pub held: u64,
    /// [`Outcome::Unsynced`].
    pub unsynced: u64,
}

impl Counts {
    /// Counts an object that was not met before in this run.
    pub fn add(&mut self, outcome: Outcome) {
        self.read += 1;
        *self.bucket(outcome) += 1;
    }

    /// Takes an object out of the bucket it was counted in, before it is counted again; false if none is in it.
    pub fn take_back(&mut self, outcome: Outcome) -> bool {
        let bucket = self.bucket(outcome);
        let any = *bucket > 0;
        if any {
            *bucket -= 1;
            self.read -= 1;
        }
        any
    }

    /// Whether every object met is in exactly one bucket.
    pub fn add_up(&self) -> bool {
        self.read
            == self.created
                + self.updated
                + self.deactivated
                + self.reactivated
                + self.unchanged
                + self.excluded
                + self.stale
                + self.held
                + self.unsynced
    }

    fn bucket(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Deactivated => &mut self.deactivated,
            Outcome::Reactivated => &mut self.reactivated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Excluded => &mut self.excluded,
            Outcome::Stale => &mut self.stale,
            Outcome::Held => &mut self.held,
            Outcome::Unsynced => &mut self.unsynced,
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Objects done.
    pub done: u64,
    /// Objects expected, where something tells: the group Everyone's size or the last run.
    pub expected: Option<u64>,
    /// Objects a second since the run's current invocation began.
    pub per_second: f64,
    /// Calls left in the connection's budget of Okta's current window.
    pub calls_left: u64,
}

/// Seconds from an event in Okta to its effect in the directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lag {
    /// The median.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

/// What a run asked of Okta.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OktaUse {
    /// Requests sent, repeated ones included.
    pub calls: u64,
    /// Requests answered 429.
    pub throttled: u64,
    /// Requests that were sent again.
    pub retried: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
}

impl Add for OktaUse {
    type Output = OktaUse;

    fn add(self, more: OktaUse) -> OktaUse {
        OktaUse {
            calls: self.calls + more.calls,
            throttled: self.throttled + more.throttled,
            retried: self.retried + more.retried,
            bytes: self.bytes + more.bytes,
        }
    }
}

/// Capacity units consumed of DynamoDB, as its answers state them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DynamoDbUse {
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
}

impl Add for DynamoDbUse {
    type Output = DynamoDbUse;

    fn add(self, more: DynamoDbUse) -> DynamoDbUse {
        DynamoDbUse { read_units: self.read_units + more.read_units, write_units: self.write_units + more.write_units }
    }
}

/// Problem details (RFC 9457), with a hint what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:rollcall:problem:…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// The HTTP status it is reported with, or that Okta answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// What happened, to which object.
    pub detail: String,
    /// What to do next, in Okta's admin console or here.
    pub hint: String,
}

impl Problem {
    /// A problem of the kind `urn:rollcall:problem:{slug}`.
    pub fn new(slug: &str, title: &str, detail: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem {
            kind: format!("urn:rollcall:problem:{slug}"),
            title: title.to_owned(),
            status: None,
            detail: detail.into(),
            hint: hint.into(),
        }
    }

    /// The same, with an HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Problem {
        Problem { status: Some(status), ..self }
    }
}
