//! One object of a document while it is read: which keys it may have, which are missing, what type each has.

use serde_json::{Map, Value};

use super::faults::{Faults, element, member};
use super::suggest::suggestion;

/// An object of the document, key by key.
pub(super) struct Section<'a> {
    path: String,
    members: &'a Map<String, Value>,
    known: Vec<&'static str>,
    /// Whether keys may be missing, because something that is at fault itself would decide about them.
    excused: Excuse,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Excuse {
    None,
    Fault,
}

impl<'a> Section<'a> {
    /// Opens an object; anything else is a fault.
    pub(super) fn open(value: &'a Value, path: &str, faults: &mut Faults) -> Option<Section<'a>> {
        let Value::Object(members) = value else {
            faults.add(path, format!("expected an object, not {}", type_of(value)));
            return None;
        };
        Some(Section { path: path.to_owned(), members, known: Vec::new(), excused: Excuse::None })
    }

    /// The path of one of its keys.
    pub(super) fn at(&self, key: &str) -> String {
        member(&self.path, key)
    }

    /// The value of a key that may be left out.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.members.get(key)
    }

    /// The value of a key that has to be there.
    pub(super) fn required(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a Value> {
        let value = self.optional(key);
        if value.is_none() && self.excused == Excuse::None {
            faults.add(self.at(key), "is missing");
        }
        value
    }

    /// A text that has to be there.
    pub(super) fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a str> {
        let value = self.required(key, faults)?;
        text(value, &self.at(key), faults)
    }

    /// Lets keys be missing from now on: what would decide about them is at fault itself.
    pub(super) fn excuse(&mut self) {
        self.excused = Excuse::Fault;
    }

    /// Closes the object: whatever key has not been asked for is unknown.
    pub(super) fn close(self, faults: &mut Faults) {
        for key in self.members.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let unused = self.known.iter().filter(|known| !self.members.contains_key(**known)).copied();
            faults.add(self.at(key), format!("unknown key{}", suggestion(key, unused)));
        }
    }
}

/// A text.
pub(super) fn text<'a>(value: &'a Value, path: &str, faults: &mut Faults) -> Option<&'a str> {
    if value.as_str().is_none() {
        faults.add(path, format!("expected a string, not {}", type_of(value)));
    }
    value.as_str()
}

/// A text with something in it, without control characters, of at most so many characters; trimmed.
pub(super) fn label(value: &Value, path: &str, longest: usize, faults: &mut Faults) -> Option<String> {
    let text = text(value, path, faults)?.trim();
    let length = text.chars().count();
    if text.is_empty() {
        faults.add(path, "must not be empty");
    } else if length > longest {
        faults.add(path, format!("has {length} characters; at most {longest} are allowed"));
    } else if text.chars().any(char::is_control) {
        faults.add(path, "must not have control characters");
    } else {
        return Some(text.to_owned());
    }
    None
}

/// A whole number within bounds.
pub(super) fn integer(value: &Value, path: &str, bounds: (u64, u64), faults: &mut Faults) -> Option<u64> {
    let (least, most) = bounds;
    let number = value.as_u64().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let range = if most == u64::MAX { format!("of at least {least}") } else { format!("from {least} to {most}") };
        faults.add(path, format!("expected a whole number {range}, not {}", shown(value)));
    }
    number
}

/// A list of labels with something in it.
pub(super) fn labels(value: &Value, path: &str, longest: usize, faults: &mut Faults) -> Option<Vec<String>> {
    const MOST: usize = 1_000;
    let Value::Array(elements) = value else {
        faults.add(path, format!("expected a list of strings, not {}", type_of(value)));
        return None;
    };
    if elements.is_empty() {
        faults.add(path, "must not be empty: leave the key out to say nothing about it");
        return None;
    }
    if elements.len() > MOST {
        faults.add(path, format!("has {} values; at most {MOST} are allowed", elements.len()));
        return None;
    }
    let labels: Vec<Option<String>> = elements
        .iter()
        .enumerate()
        .map(|(index, value)| label(value, &element(path, index), longest, faults))
        .collect();
    labels.into_iter().collect()
}

/// The type of a value, as messages say it.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value as messages show it: numbers as they are, of everything else the type.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        other => type_of(other).to_owned(),
    }
}
