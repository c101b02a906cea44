//! A request as the endpoints see it.

use axum::http::HeaderMap;
use jiff::Timestamp;
use url::form_urlencoded;

use super::answer::Answer;
use super::cursor;
use crate::id::fingerprint;
use crate::options::Options;
use crate::org::Credentials;
use crate::role::Role;

/// A request that passed the gate.
pub(super) struct Ask<'a> {
    pub(super) base: &'a str,
    pub(super) options: &'a Options,
    pub(super) role: &'a Role,
    pub(super) path: &'a str,
    pub(super) segments: &'a [String],
    pub(super) query: Vec<(String, String)>,
    pub(super) credentials: Credentials,
    pub(super) now: Timestamp,
}

impl Ask<'_> {
    /// A parameter's value, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// How many objects a page holds: what was asked for or the default, within the maximum and the cap.
    pub(super) fn page_size(&self, default: usize, maximum: usize) -> Result<usize, Answer> {
        let asked = match self.parameter("limit") {
            None => default,
            Some(text) => match text.parse::<usize>() {
                Ok(limit) if limit > 0 => limit,
                _ => return Err(Answer::validation("limit", "The limit must be a positive number.")),
            },
        };
        Ok(asked.min(maximum).min(self.options.page_size_cap).max(1))
    }

    /// The position in the `after` cursor, if there is one.
    pub(super) fn position(&self) -> Result<Option<String>, Answer> {
        let Some(after) = self.parameter("after") else {
            return Ok(None);
        };
        cursor::read(after, self.listing(), self.now, self.options.cursor_life)
            .map(Some)
            .ok_or_else(Answer::invalid_cursor)
    }

    /// The same under `/apps`, where a bad cursor has another error.
    pub(super) fn paging_position(&self) -> Result<Option<String>, Answer> {
        self.position().map_err(|_| Answer::invalid_paging())
    }

    /// A new cursor at a position of this listing.
    pub(super) fn cursor(&self, position: &str) -> String {
        cursor::write(position, self.listing(), Some(self.now))
    }

    /// What tells one listing from another: a cursor is good for its own only. Page size and
    /// projection may change on the way.
    pub(super) fn listing(&self) -> u64 {
        let mut parts: Vec<String> = self
            .query
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "after" | "limit" | "fields" | "since" | "expand" | "page"))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        parts.sort();
        parts.push(self.path.to_owned());
        // The same in every process, so that cursors outlive one.
        fingerprint(&parts.join("&"))
    }

    /// A link of this listing. The query comes back normalised: in order of the names, `+` for
    /// spaces, the page size that was used.
    pub(super) fn link(&self, relation: &str, limit: usize, after: Option<&str>) -> String {
        let mut query: Vec<(&str, &str)> = self
            .query
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "limit" | "after" | "page"))
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let limit = limit.to_string();
        query.push(("limit", &limit));
        query.extend(after.map(|after| ("after", after)));
        query.sort();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("<{}{}?{query}>; rel=\"{relation}\"", self.base, self.path)
    }

    /// The links of a page: `self`, and `next` when there is a position to go on from.
    pub(super) fn links(&self, limit: usize, next: Option<&str>) -> Vec<String> {
        let own = self.link("self", limit, self.parameter("after"));
        let next = next.map(|position| self.link("next", limit, Some(&self.cursor(position))));
        [Some(own), next].into_iter().flatten().collect()
    }
}

/// The decoded pairs of a query.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The segments of a path, each percent-decoded; a `+` is a plus here.
pub(super) fn segments(path: &str) -> Vec<String> {
    path.trim_start_matches('/').split('/').map(percent_decoded).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| first == b'%');
        let decoded =
            code.and_then(|code| std::str::from_utf8(code).ok()).and_then(|code| u8::from_str_radix(code, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the `okta-response` trick asks to leave credentials out: it works on a GET's
/// `Content-Type` (Okta: List all users).
pub(super) fn credentials(headers: &HeaderMap) -> Credentials {
    let asked = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("okta-response") && value.contains("omitCredentials"));
    match asked {
        true => Credentials::Omitted,
        false => Credentials::Shown,
    }
}
