//! A person's profile, kept as the JSON text that is served.
//!
//! One allocation for a person keeps a million of them in a few hundred megabytes, and a page is
//! little more than concatenation.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer as _, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The text of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile(Box<str>);

impl Profile {
    /// The profile that `attributes` serializes to; it must be an object.
    pub(crate) fn of(attributes: &impl Serialize) -> Self {
        let text = serde_json::to_string(attributes).unwrap_or_else(|_| "{}".to_owned());
        Self(text.into_boxed_str())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn map(&self) -> Map<String, Value> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// One attribute, without building the others.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let mut text = serde_json::Deserializer::from_str(&self.0);
        text.deserialize_map(Pick(name)).ok().flatten()
    }

    /// Sets an attribute; `None` takes it away.
    pub(crate) fn set(&mut self, name: &str, value: Option<Value>) {
        let mut map = self.map();
        match value {
            Some(value) => {
                map.insert(name.to_owned(), value);
            }
            None => {
                map.remove(name);
            }
        }
        *self = Self::of(&map);
    }
}

/// Picks one key's value out of an object.
struct Pick<'a>(&'a str);

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(wanted) = map.next_key_seed(KeyIs(self.0))? {
            if wanted {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Reads a key and says whether it is the wanted one.
struct KeyIs<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for KeyIs<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIs<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}
