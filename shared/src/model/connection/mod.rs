//! Connections: a named link to one org, with its mappings.
//!
//! A document is read as a whole: every fault is found at once, each with its path, and nothing is accepted unless
//! everything is valid. Nothing here looks anything up: whether the org answers and the secret exists, `verify` says.

mod access;
mod faults;
mod json;
mod mappings;
mod name;
mod org_url;
mod preset;
mod read;
mod section;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value, json};
use sha2::{Digest, Sha256};

pub use faults::ConfigFault;
pub use name::is_name;
pub use org_url::OrgUrl;

use super::{Attributes, Mapping, ObjectKind, Schedule, Source, suggest};
use crate::model::Job;

/// Documents with more text than this are refused: they would not fit into one item of the directory.
const LARGEST_DOCUMENT: usize = 256 * 1024;

/// The time zone of a connection that names none.
const UTC: &str = "UTC";

/// A connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// Which org, and how to sign in.
    pub okta: OktaLink,
    /// Whether its jobs run by themselves.
    pub enabled: bool,
    /// When its jobs run, where that differs from the stack's schedules.
    pub schedules: BTreeMap<Job, Schedule>,
    /// The time zone of the schedules, one with an IANA name.
    pub timezone: TimeZone,
    /// The share of the credential's rate limits that may be used, in percent.
    pub rate_budget_percent: u8,
    /// How many deactivations need nobody's approval.
    pub guard: GuardLimits,
    /// Its mappings, at least one, no two of a name.
    pub mappings: Vec<Mapping>,
}

/// The org of a connection and how to sign in to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OktaLink {
    /// Where the org is.
    pub url: OrgUrl,
    /// How to sign in.
    pub auth: Auth,
    /// The name of the secret that holds what Okta's event hook authenticates itself with, where there is a hook.
    pub event_hook: Option<String>,
}

/// How to sign in to an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// With an API token.
    ApiToken {
        /// The name of the secret that holds the token.
        secret: String,
    },
}

/// The guard's limits: the larger of the two is what is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardLimits {
    /// So many deactivations.
    pub max_deactivations: u64,
    /// Deactivations of so many percent of the active records.
    pub max_deactivations_percent: f64,
}

impl Default for GuardLimits {
    fn default() -> GuardLimits {
        GuardLimits { max_deactivations: 20, max_deactivations_percent: 2.0 }
    }
}

impl Connection {
    /// Reads a document, defaults filled in; or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Connection, Vec<ConfigFault>> {
        let mut faults = faults::Faults::default();
        // Some editors put a byte order mark before the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let connection = if text.len() > LARGEST_DOCUMENT {
            faults.add("", format!("the document has {} bytes; at most {LARGEST_DOCUMENT} are allowed", text.len()));
            None
        } else {
            json::parse(text, &mut faults).and_then(|document| read::connection(&document, &mut faults))
        };
        match (connection, faults.into_vec()) {
            (Some(connection), faults) if faults.is_empty() => Ok(connection),
            (_, faults) => Err(faults),
        }
    }

    /// The normalised document, defaults filled in: what is stored and shown. Parsing it gives this connection again.
    pub fn document(&self) -> Value {
        let Auth::ApiToken { secret } = &self.okta.auth;
        let schedules: Map<String, Value> =
            self.schedules.iter().map(|(job, schedule)| (job.name().to_owned(), json!(schedule.to_string()))).collect();
        let mut okta = json!({ "url": self.okta.url, "auth": { "kind": "api_token", "secret": secret } });
        if let Some(secret) = &self.okta.event_hook {
            okta["event_hook"] = json!({ "secret": secret });
        }
        json!({
            "name": self.name,
            "okta": okta,
            "enabled": self.enabled,
            "schedules": schedules,
            "timezone": self.timezone.iana_name().unwrap_or(UTC),
            "rate_budget_percent": self.rate_budget_percent,
            "guard": {
                "max_deactivations": self.guard.max_deactivations,
                "max_deactivations_percent": percent(self.guard.max_deactivations_percent),
            },
            "mappings": self.mapping_documents(|_| true),
        })
    }

    /// What its mappings read of an object, taken together.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::default();
        self.mappings.iter().for_each(|mapping| mapping.attributes(&mut attributes));
        attributes
    }

    /// A digest of the mappings, SHA-256 in hex: another one means that no run of before can be gone on with.
    pub fn mappings_digest(&self) -> String {
        digest(&self.mapping_documents(|_| true))
    }

    /// The same of the mappings whose records follow from objects of a kind: another one means that every such record has
    /// to be looked at again.
    pub fn mappings_digest_of(&self, objects: ObjectKind) -> String {
        digest(&self.mapping_documents(|mapping| mapping.source.objects() == objects))
    }

    /// The mappings that Okta's users go through, each with its place among the connection's.
    pub fn mappings_of_people(&self) -> impl Iterator<Item = (usize, &Mapping)> {
        self.mappings_of(ObjectKind::User)
    }

    /// The mappings that read objects of a kind, each with its place.
    pub fn mappings_of(&self, objects: ObjectKind) -> impl Iterator<Item = (usize, &Mapping)> {
        self.mappings.iter().enumerate().filter(move |(_, mapping)| mapping.source.reads(objects))
    }

    /// Whether any mapping's records follow from objects of a kind.
    pub fn wants(&self, objects: ObjectKind) -> bool {
        self.mappings.iter().any(|mapping| mapping.source.objects() == objects)
    }

    /// The place of a mapping of this name among the connection's.
    pub fn mapping_index(&self, name: &str) -> Option<usize> {
        self.mappings.iter().position(|mapping| mapping.name == name)
    }

    /// The mapping of a name.
    pub fn mapping(&self, name: &str) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.name == name)
    }

    fn mapping_documents(&self, wanted: impl Fn(&Mapping) -> bool) -> Value {
        // Whom a mapping of departments counts follows from that mapping.
        let written = self.mappings.iter().filter(|mapping| mapping.source != Source::PeopleOfDepartments);
        written.filter(|mapping| wanted(mapping)).map(Mapping::document).collect()
    }
}

fn digest(documents: &Value) -> String {
    Sha256::digest(documents.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two percent are written `2`, as people do.
fn percent(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as u64) } else { Number::from_f64(value).map_or(Value::Null, Value::Number) }
}

#[cfg(test)]
mod tests;
