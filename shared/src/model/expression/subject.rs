//! An object in the form that expressions read, and the way back.
//!
//! Numbers pass both ways as they are: the library's own conversion by way of serialization is not used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jmespath::{Rcvar, Variable};
use serde_json::{Map, Number, Value};

use super::Attributes;

/// A record's attributes may nest 32 levels in the directory; the fields themselves are some of them.
const DEEPEST: usize = 24;
/// Values of one expression larger than this fit no record.
pub(super) const LARGEST: usize = 350 * 1_000;

/// An object as expressions see it.
#[derive(Debug, Clone)]
pub(in crate::model) struct Subject(Rcvar);

impl Subject {
    /// Converts an object, without what depends on how it was read: the same object must give the same values
    /// whether it comes from a list, which links to itself only, or alone, with a link for every action.
    pub(in crate::model) fn of(object: &Value) -> Subject {
        let mut variable = variable_of(object);
        if let Variable::Object(attributes) = &mut variable {
            attributes.remove("transitioningToStatus");
            attributes.remove("_embedded");
            if let Some(links) = attributes.get_mut("_links")
                && let Variable::Object(links) = Arc::make_mut(links)
            {
                links.retain(|name, _| name == "self");
            }
        }
        Subject(Arc::new(variable))
    }

    /// Converts those attributes of an object that an expression reads; none of them may be one that [`Subject::of`]
    /// changes.
    pub(super) fn part(object: &Value, attributes: &Attributes) -> Subject {
        let convert = |from: &Value, names: &BTreeSet<String>| -> BTreeMap<String, Rcvar> {
            let present = names.iter().filter_map(|name| Some((name.clone(), from.get(name)?)));
            present.map(|(name, value)| (name, Arc::new(variable_of(value)))).collect()
        };
        let mut members = convert(object, &attributes.top);
        if let Some(profile) = object.get("profile") {
            members.insert("profile".to_owned(), Arc::new(Variable::Object(convert(profile, &attributes.profile))));
        }
        Subject(Arc::new(Variable::Object(members)))
    }

    pub(super) fn variable(&self) -> &Rcvar {
        &self.0
    }
}

fn variable_of(value: &Value) -> Variable {
    match value {
        Value::Null => Variable::Null,
        Value::Bool(boolean) => Variable::Bool(*boolean),
        Value::Number(number) => Variable::Number(number.clone()),
        Value::String(text) => Variable::String(text.clone()),
        Value::Array(elements) => {
            Variable::Array(elements.iter().map(|element| Arc::new(variable_of(element))).collect())
        }
        Value::Object(members) => Variable::Object(
            members.iter().map(|(name, member)| (name.clone(), Arc::new(variable_of(member)))).collect(),
        ),
    }
}

/// The result of an expression as JSON, if a record can hold it.
pub(super) fn value_of(result: &Variable) -> Result<Value, String> {
    Conversion { room: LARGEST }.value(result, 0)
}

/// A value of an object as it is, if a record can hold it.
pub(super) fn storable_value(value: &Value) -> Result<Value, String> {
    match value {
        Value::Null | Value::Bool(_) => Ok(value.clone()),
        Value::String(text) if text.len() < LARGEST => Ok(value.clone()),
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => value_of(&variable_of(value)),
    }
}

/// A conversion under way: shared parts of a small result can add up to a huge one, so the room that is left is counted.
struct Conversion {
    room: usize,
}

impl Conversion {
    fn value(&mut self, variable: &Variable, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err(format!("the value nests more than {DEEPEST} levels deep"));
        }
        self.take(1)?;
        Ok(match variable {
            Variable::Null => Value::Null,
            Variable::Bool(boolean) => Value::Bool(*boolean),
            Variable::Number(number) => Value::Number(storable(number)?),
            Variable::String(text) => {
                self.take(text.len())?;
                Value::String(text.clone())
            }
            Variable::Array(elements) => {
                Value::Array(elements.iter().map(|element| self.value(element, depth + 1)).collect::<Result<_, _>>()?)
            }
            Variable::Object(members) => {
                let mut object = Map::new();
                for (name, member) in members {
                    self.take(name.len())?;
                    object.insert(name.clone(), self.value(member, depth + 1)?);
                }
                Value::Object(object)
            }
            Variable::Expref(_) => return Err("the value is an expression (`&…`), not data".to_owned()),
        })
    }

    fn take(&mut self, size: usize) -> Result<(), String> {
        self.room = self.room.checked_sub(size).ok_or("the value is larger than a record can be")?;
        Ok(())
    }
}

/// The directory's numbers range from 1E-130 to just under 1E+126.
fn storable(number: &Number) -> Result<Number, String> {
    match number.as_f64().map(f64::abs) {
        Some(size) if size != 0.0 && !(1e-130..1e126).contains(&size) => {
            Err("the value has a number outside the range that the directory can hold".to_owned())
        }
        Some(_) | None => Ok(number.clone()),
    }
}
