//! Decoding an object: from its text to what filters and mappings work on, whether a user, a device or an application.
//!
//! Lenient, because Okta adds attributes and statuses at any time: only what a record cannot be without has to be
//! there. Messages name attributes and never quote them.

mod kind;

use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use self::kind::ObjectKind;
use crate::model::expression::Subject;
use crate::model::raw::is_object_id;
use crate::model::{RawObject, Rejection, RejectionReason, Standing, Time, peek};

/// Objects with more text than this are not decoded: a record could not hold what is in them.
const LARGEST_OBJECT: usize = 256 * 1024;
const LONGEST_STATUS: usize = 64;

/// An object of Okta's.
#[derive(Clone)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// The id.
    pub id: String,
    /// The status word as it came, heard of or not.
    pub status: String,
    /// `created`; never changes.
    pub created: Time,
    /// `lastUpdated`.
    pub last_updated: Time,
    /// The whole object: what expressions see.
    pub json: Value,
    /// The object in the form that expressions read, made when the first of them asks.
    subject: OnceLock<Subject>,
}

impl Object {
    /// What its status makes of a record: active (`None`), or why not.
    pub fn standing(&self) -> Standing {
        self.kind.standing_of(&self.status)
    }

    /// The same object with other JSON for expressions to see.
    pub(super) fn saying(self, json: Value) -> Object {
        Object { json, subject: OnceLock::new(), ..self }
    }

    /// The object in the form that expressions read, converted once however many there are.
    pub(super) fn subject(&self) -> &Subject {
        self.subject.get_or_init(|| Subject::of(&self.json))
    }

    /// An attribute of the profile, if it is there.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.json.get("profile")?.get(name)
    }
}

/// Shows what logs may carry: the id and the status, not the person.
impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Object")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("status", &self.status)
            .field("last_updated", &self.last_updated)
            .finish_non_exhaustive()
    }
}

/// An object that cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// The object's id, or, when it has none that can be read, `malformed-` and a digest of its text.
    pub id: String,
    /// When it was created, if that can be read.
    pub created: Option<Time>,
    /// What is wrong with it.
    pub rejection: Rejection,
}

/// Decodes one object of a page, which is to be of a kind.
pub fn decode_object(kind: ObjectKind, raw: &RawObject) -> Result<Object, Undecodable> {
    decode(kind, raw).map_err(|rejection| {
        let head = peek(raw);
        Undecodable { id: head.id.unwrap_or_else(|| made_up_id(&raw.text)), created: head.created, rejection }
    })
}

/// An object's name for paging and for counting: its id, or the made-up one that [`decode_object`] gives it; and when it
/// was created, if that can be read.
pub fn identify(raw: &RawObject) -> Identity {
    let head = peek(raw);
    Identity { id: head.id.unwrap_or_else(|| made_up_id(&raw.text)), created: head.created }
}

/// What a list knows an object by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The id, or the made-up one of an object that has none.
    pub id: String,
    /// When it was created, if that can be read.
    pub created: Option<Time>,
}

fn decode(kind: ObjectKind, raw: &RawObject) -> Result<Object, Rejection> {
    if raw.damaged {
        return Err(malformed("the object holds bytes that are not UTF-8"));
    }
    if raw.text.len() > LARGEST_OBJECT {
        let message = format!("the object has {} bytes; at most {LARGEST_OBJECT} are read", raw.text.len());
        return Err(Rejection::new(RejectionReason::TooLarge, message));
    }
    let json: Value = serde_json::from_str(&raw.text).map_err(|error| malformed(unreadable(&error)))?;
    if !json.is_object() {
        return Err(malformed("it is not an object"));
    }
    let id = text(&json, "id")?;
    if !is_object_id(id) {
        return Err(malformed("`id` is not an id of Okta's"));
    }
    let status = text(&json, "status")?;
    if status.trim().is_empty() || status.len() > LONGEST_STATUS {
        return Err(malformed("`status` is not a status word"));
    }
    if kind.has_profile() && !json.get("profile").is_some_and(Value::is_object) {
        return Err(malformed("`profile` is not an object"));
    }
    let (id, status) = (id.to_owned(), status.to_owned());
    let (created, last_updated) = (moment(&json, "created")?, moment(&json, "lastUpdated")?);
    Ok(Object { kind, id, status, created, last_updated, json, subject: OnceLock::new() })
}

fn text<'a>(object: &'a Value, attribute: &str) -> Result<&'a str, Rejection> {
    match object.get(attribute) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(malformed(format!("`{attribute}` is not a string"))),
        None => Err(malformed(format!("`{attribute}` is missing"))),
    }
}

fn moment(object: &Value, attribute: &str) -> Result<Time, Rejection> {
    text(object, attribute)?.parse().map_err(|_| malformed(format!("`{attribute}` is not a time in RFC 3339")))
}

/// Says where the text stops being JSON; the parser's own words could quote it.
fn unreadable(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => format!("the object breaks off at line {line}, column {column}"),
        serde_json::error::Category::Io | serde_json::error::Category::Syntax | serde_json::error::Category::Data => {
            format!("the object is not JSON at line {line}, column {column}")
        }
    }
}

/// A name for an object without a readable id: the same text gives the same name, so that it is one unsynced row.
fn made_up_id(text: &str) -> String {
    let digest = Sha256::digest(text);
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("malformed-{hex}")
}

fn malformed(message: impl Into<String>) -> Rejection {
    Rejection::new(RejectionReason::Malformed, message)
}

#[cfg(test)]
mod tests;
