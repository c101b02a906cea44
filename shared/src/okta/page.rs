//! A page: split into raw objects before anything of them is decoded, so that one bad object never fails
//! its page.

use serde_json::value::RawValue;
use url::Url;

use super::attempt::Received;
use super::links;
use super::query::PageRequest;
use super::{NoAnswer, OktaError};
use crate::model::{RawObject, Time};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The objects as text, in Okta's order; there may be none, and still a next page.
    pub objects: Vec<RawObject>,
    /// The page that follows, if there is one.
    pub next: Option<PageRequest>,
    /// Okta's clock when it answered, to the second.
    pub date: Time,
}

impl Page {
    /// Reads the answer to a request for a page.
    pub(super) fn read(asked: &PageRequest, received: &Received, base: &Url) -> Result<Page, OktaError> {
        let objects = split(&received.body).map_err(|detail| received.unreadable(detail))?;
        let next = next(asked, &objects, received, base)
            .map_err(|why| OktaError::BadLink { what: received.what.clone(), why })?;
        Ok(Page { objects, next, date: received.date })
    }
}

/// The next page. A list that links to the page just read would never end; only the System Log may do so,
/// when a poll has caught up with it and the page is empty (Okta's page "System Log query").
fn next(
    asked: &PageRequest,
    objects: &[RawObject],
    received: &Received,
    base: &Url,
) -> Result<Option<PageRequest>, String> {
    let Some(address) = links::next_address(received.links.iter().map(String::as_str)) else {
        return Ok(None);
    };
    let next = links::follow(address, asked, base)?;
    let caught_up = objects.is_empty() && asked.path() == super::log::PATH;
    if links::same_page(asked, &next) && !caught_up {
        return Err("the link to the next page leads to this page again".to_owned());
    }
    Ok(Some(next))
}

/// Splits the body of a page. Bytes that are not UTF-8 spoil only the objects they stand in.
pub(super) fn split(body: &[u8]) -> Result<Vec<RawObject>, String> {
    match std::str::from_utf8(body) {
        Ok(text) => split_text(text, |_| false),
        Err(_) => split_text(&String::from_utf8_lossy(body), |object| object.contains(char::REPLACEMENT_CHARACTER)),
    }
}

fn split_text(text: &str, damaged: impl Fn(&str) -> bool) -> Result<Vec<RawObject>, String> {
    // Raw values are skipped and not decoded: a string that is no Unicode (a lone `\ud800`) fails its own
    // object later on, and not the page here.
    let objects: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| format!("the answer is no JSON array: {}", place(&error)))?;
    Ok(objects.into_iter().map(|object| raw(object.get(), damaged(object.get()))).collect())
}

/// One object of its own, not in a list.
pub(super) fn object(received: &Received) -> Result<RawObject, OktaError> {
    let text = String::from_utf8_lossy(&received.body);
    let unreadable = |detail| received.unreadable(detail);
    let value: &RawValue =
        serde_json::from_str(&text).map_err(|error| unreadable(format!("the answer is no JSON: {}", place(&error))))?;
    if !value.get().starts_with('{') {
        return Err(unreadable("the answer is no JSON object".to_owned()));
    }
    let is_whole = matches!(text, std::borrow::Cow::Borrowed(_));
    Ok(raw(value.get(), !is_whole))
}

fn raw(text: &str, damaged: bool) -> RawObject {
    RawObject { text: text.into(), damaged }
}

/// Where the JSON broke, without quoting it: the text may hold anything.
fn place(error: &serde_json::Error) -> String {
    let kind = if error.is_eof() { "it ends early" } else { "it is damaged" };
    format!("{kind} at line {}, column {}", error.line(), error.column())
}

impl Received {
    /// The error for an answer that is not what the endpoint answers.
    pub(super) fn unreadable(&self, detail: String) -> OktaError {
        OktaError::NoAnswer { how: NoAnswer::Unreadable, what: self.what.clone(), detail }
    }
}
