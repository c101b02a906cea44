//! The pages that Rollcall asks for, as paths and queries.
//!
//! Okta's page "Users" (List all users) says which of `search` and `filter` knows which property and how
//! fresh it is: `search` sorts by `created` but reads an index that lags; `filter` is closer to live. Both
//! include deactivated users, which a plain list does not.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::model::{Attributes, IdRange, Time};

/// The path of the list of users.
const USERS: &str = "/api/v1/users";

/// The largest page of users that Okta gives.
const USERS_A_PAGE: u32 = 200;

/// Above so many characters of attribute names the whole profile is asked for: a query comes back in the
/// `Link` header, and Okta refuses headers that are too large (`E0000256`).
const FIELDS_CHARACTERS: usize = 1_500;

/// A page to ask for: path and query, such as `/api/v1/users?limit=200`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageRequest(String);

impl PageRequest {
    /// Ids that [`PageRequest::users_by_id`] takes at most, for the address to stay well under 8 KB.
    pub const MOST_IDS: usize = 100;

    /// Every user created from `from` on and before `to`, by time of creation; without bounds, every user.
    pub fn users_created(from: Option<Time>, to: Option<Time>, attributes: &Attributes) -> PageRequest {
        users_where(&created(from, to), attributes)
    }

    /// Those of them whose id is in a range.
    pub fn users_created_with_ids(
        (from, to): (Option<Time>, Option<Time>),
        ids: &IdRange,
        attributes: &Attributes,
    ) -> PageRequest {
        let mut conditions = created(from, to);
        conditions.extend(ids.from.iter().map(|id| format!("id ge {}", quoted(id))));
        conditions.extend(ids.to.iter().map(|id| format!("id lt {}", quoted(id))));
        users_where(&conditions, attributes)
    }

    /// Of the users created from `from` on and before `to`, with this id or a larger one, the one with the largest.
    pub fn largest_id_created(from: Time, to: Time, id: &str) -> PageRequest {
        let mut conditions = created(Some(from), Some(to));
        conditions.push(format!("id ge {}", quoted(id)));
        let search = conditions.join(" and ");
        let parameters = [
            ("search", &*search),
            ("sortBy", "id"),
            ("sortOrder", "desc"),
            ("limit", "1"),
            ("fields", "id,created,profile:(login)"),
        ];
        PageRequest::new(USERS, &parameters)
    }

    /// Every user whose profile or status changed at or after a moment, in no order; and, changed or not, these witnesses,
    /// at most [`PageRequest::MOST_IDS`], who are known to be there.
    pub fn users_updated_since(since: Time, witnesses: &[String], attributes: &Attributes) -> PageRequest {
        let changed = format!("lastUpdated ge \"{since}\"");
        let conditions: Vec<String> = std::iter::once(changed).chain(witnesses.iter().map(|id| is_user(id))).collect();
        users(&[("filter", &conditions.join(" or "))], attributes)
    }

    /// Those users of at most [`PageRequest::MOST_IDS`] ids that Okta shows.
    pub fn users_by_id(ids: &[String], attributes: &Attributes) -> PageRequest {
        debug_assert!(ids.len() <= PageRequest::MOST_IDS, "{} ids in one request", ids.len());
        let alternatives: Vec<String> = ids.iter().map(|id| is_user(id)).collect();
        users(&[("filter", &alternatives.join(" or "))], attributes)
    }

    /// A path with parameters, not yet encoded.
    pub(super) fn new(path: &str, parameters: &[(&str, &str)]) -> PageRequest {
        let mut text = path.to_owned();
        for (index, (name, value)) in parameters.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            encode(value, &mut text);
        }
        PageRequest(text)
    }

    /// A path and query that are encoded already.
    pub(super) fn encoded(text: String) -> PageRequest {
        PageRequest(text)
    }

    /// The same with one more parameter, not yet encoded.
    pub(super) fn with(mut self, name: &str, value: &str) -> PageRequest {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(name);
        self.0.push('=');
        encode(value, &mut self.0);
        self
    }

    /// The same page in the size of another request.
    #[must_use]
    pub fn with_limit_of(&self, other: &PageRequest) -> PageRequest {
        other.parameter("limit").map_or_else(|| self.clone(), |limit| self.resized(|_| limit.to_owned()))
    }

    /// Path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// The parameters as they stand in the query: name and encoded value.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
    }

    /// The encoded value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
    }

    /// The same page with half the objects, but not fewer than 10: a page's cost grows with its size.
    pub(super) fn halved(&self) -> PageRequest {
        const FEWEST: u32 = 10;
        self.resized(|limit| match limit.parse::<u32>() {
            Ok(number) if number > FEWEST => (number / 2).max(FEWEST).to_string(),
            _ => limit.to_owned(),
        })
    }

    /// The same page with another value of `limit`.
    fn resized(&self, limit: impl Fn(&str) -> String) -> PageRequest {
        let parts = self.parameters().map(|(name, value)| match name {
            "limit" => format!("limit={}", limit(value)),
            _ => format!("{name}={value}"),
        });
        let query: Vec<String> = parts.collect();
        if query.is_empty() { self.clone() } else { PageRequest(format!("{}?{}", self.path(), query.join("&"))) }
    }
}

fn is_user(id: &str) -> String {
    format!("id eq {}", quoted(id))
}

fn created(from: Option<Time>, to: Option<Time>) -> Vec<String> {
    let from = from.map(|from| format!("created ge \"{from}\""));
    from.into_iter().chain(to.map(|to| format!("created lt \"{to}\""))).collect()
}

fn users_where(conditions: &[String], attributes: &Attributes) -> PageRequest {
    let search = if conditions.is_empty() { "status pr".to_owned() } else { conditions.join(" and ") };
    users(&[("search", &search), ("sortBy", "created"), ("sortOrder", "asc")], attributes)
}

fn users(condition: &[(&str, &str)], attributes: &Attributes) -> PageRequest {
    let limit = USERS_A_PAGE.to_string();
    let fields = fields(attributes);
    let mut parameters = condition.to_vec();
    parameters.push(("limit", &limit));
    if let Some(fields) = &fields {
        parameters.push(("fields", fields));
    }
    PageRequest::new(USERS, &parameters)
}

/// What to ask of each user, or `None` for everything there is.
///
/// A user without any profile would look damaged, so `login` is asked for where no attribute is needed.
pub(super) fn fields(attributes: &Attributes) -> Option<String> {
    let plain =
        |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !attributes.top.iter().all(plain) {
        return None;
    }
    let always = ["id", "status", "created", "lastUpdated"];
    let others = attributes.top.iter().map(String::as_str).filter(|name| !always.contains(name) && *name != "profile");
    let top: Vec<&str> = always.into_iter().chain(others).collect();

    let listed: Vec<&str> = attributes.profile.iter().map(String::as_str).collect();
    let listed = if listed.is_empty() { "login".to_owned() } else { listed.join(",") };
    let whole = attributes.whole_profile
        || attributes.top.contains("profile")
        || !attributes.profile.iter().all(plain)
        || listed.len() > FIELDS_CHARACTERS;
    let profile = if whole { "profile".to_owned() } else { format!("profile:({listed})") };
    Some(format!("{},{profile}", top.join(",")))
}

/// A value in a filter; `"` and `\` are escaped as SCIM has it.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A value in a query: spaces as `+`, and everything but a few harmless characters percent-encoded.
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        match byte {
            b' ' => into.push('+'),
            b',' | b':' | b'(' | b')' => into.push(char::from(byte)),
            _ => encode_byte(byte, into),
        }
    }
}

/// A part of a path: nothing in it can end the part.
pub(super) fn path_part(value: &str) -> String {
    let mut text = String::new();
    value.bytes().for_each(|byte| encode_byte(byte, &mut text));
    text
}

fn encode_byte(byte: u8, into: &mut String) {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => into.push(char::from(byte)),
        // Writing to a String cannot fail.
        _ => drop(write!(into, "%{byte:02X}")),
    }
}
