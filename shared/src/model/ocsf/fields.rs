//! The fields of a record while an event is made of them: what finds a place is taken out, and the rest is left over.

use serde_json::{Map, Value};

/// What has found no place yet.
pub(super) struct Fields {
    left: Map<String, Value>,
}

impl Fields {
    /// All fields that say something: null and an empty list do not.
    pub(super) fn of(fields: &Map<String, Value>) -> Fields {
        let says = |value: &Value| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
        let told = fields.iter().filter(|(_, value)| says(value));
        Fields { left: told.map(|(name, value)| (name.clone(), value.clone())).collect() }
    }

    /// What a field holds; it stays.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.left.get(name)
    }

    /// Takes a field that is a text with something in it; any other stays.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.text_if(name, |_| true)
    }

    /// Takes a field that is a text as its place wants it; any other stays.
    pub(super) fn text_if(&mut self, name: &str, is_fit: impl FnOnce(&str) -> bool) -> Option<String> {
        let text = self.get(name)?.as_str()?;
        if text.trim().is_empty() || !is_fit(text) {
            return None;
        }
        let text = text.to_owned();
        self.left.remove(name);
        Some(text)
    }

    /// Takes a field that is true or false; any other stays.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let flag = self.get(name)?.as_bool()?;
        self.left.remove(name);
        Some(flag)
    }

    /// Leaves this of a field, or nothing.
    pub(super) fn leave(&mut self, name: &str, value: Value) {
        match value {
            Value::Null => self.left.remove(name),
            value => self.left.insert(name.to_owned(), value),
        };
    }

    /// What found no place, as an object; null where everything did.
    pub(super) fn rest(self) -> Value {
        if self.left.is_empty() { Value::Null } else { Value::Object(self.left) }
    }
}

/// An object without the members that are null; null when none is left.
pub(super) fn said(object: Value) -> Value {
    let Value::Object(members) = object else { return object };
    let members: Map<String, Value> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}
