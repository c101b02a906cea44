//! A document's text as JSON, with an eye on keys that occur twice: a parser that kept the last one silently would
//! leave out what somebody wrote.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::faults::{Faults, element, member};

/// Parses a text; `None` if it is no JSON, and then the faults say where.
pub(super) fn parse(text: &str, faults: &mut Faults) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Place { path: String::new(), faults }.deserialize(&mut deserializer);
    match parsed.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Some(value),
        Err(error) => {
            faults.add("", format!("not JSON: {error}"));
            None
        }
    }
}

/// A place in the document that is about to be read.
struct Place<'a> {
    path: String,
    faults: &'a mut Faults,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        loop {
            let place = Place { path: element(&self.path, elements.len()), faults: &mut *self.faults };
            match sequence.next_element_seed(place)? {
                Some(value) => elements.push(value),
                None => return Ok(Value::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = member(&self.path, &key);
            let value = map.next_value_seed(Place { path: path.clone(), faults: &mut *self.faults })?;
            if members.insert(key, value).is_some() {
                self.faults.add(path, "occurs twice");
            }
        }
        Ok(Value::Object(members))
    }
}
