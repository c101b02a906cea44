//! One object of a page, still as text, so that a bad one never fails the page it came on.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Time;

/// One object of a page of Okta's, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct RawObject {
    /// The object's JSON.
    pub text: Box<str>,
    /// Whether it held bytes that were not UTF-8: then `text` has replacement characters and must not become a record.
    pub damaged: bool,
}

impl RawObject {
    /// An object whose bytes were UTF-8.
    pub fn intact(text: impl Into<Box<str>>) -> RawObject {
        RawObject { text: text.into(), damaged: false }
    }
}

/// Shows how much text there is, not the person it describes.
impl fmt::Debug for RawObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RawObject").field("bytes", &self.text.len()).field("damaged", &self.damaged).finish()
    }
}

/// What paging needs of an object before anybody decodes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peek {
    /// The id, if it can be read and is one.
    pub id: Option<String>,
    /// When the object was created, if that can be read.
    pub created: Option<Time>,
}

/// Reads an object's id and time of creation as leniently as can be: nothing else in it has to make sense.
///
/// What was read before a syntax error counts, so that an object that breaks off still has a name.
pub fn peek(raw: &RawObject) -> Peek {
    let mut peek = Peek::default();
    let mut deserializer = serde_json::Deserializer::from_str(&raw.text);
    // An error ends the reading; what `peek` has by then is all there is to know.
    let _ = PeekInto(&mut peek).deserialize(&mut deserializer);
    peek
}

/// Whether a text can be an object's id: it becomes part of keys and of URLs.
pub(super) fn is_object_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

struct PeekInto<'a>(&'a mut Peek);

impl<'de> DeserializeSeed<'de> for PeekInto<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PeekInto<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => self.0.id = text_of(map.next_value()?).filter(|id| is_object_id(id)),
                "created" => self.0.created = text_of(map.next_value()?).and_then(|text| text.parse().ok()),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

fn text_of(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}
