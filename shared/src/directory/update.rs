//! Builds one UpdateItem: what it sets, and under which conditions.
//!
//! Every attribute is written `#name` in the expressions, because DynamoDB reserves many ordinary words.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::fence::Fence;

pub(super) type Names = Option<HashMap<String, String>>;
pub(super) type Values = Option<HashMap<String, AttributeValue>>;

/// An update of one item; all of it happens, or nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Update {
    sets: Vec<String>,
    removes: Vec<String>,
    adds: Vec<String>,
    deletes: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    pub(super) returning: Option<ReturnValue>,
}

/// A string attribute.
pub(super) fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// A string attribute, or NULL.
pub(super) fn text_or_null(text: Option<impl ToString>) -> AttributeValue {
    text.map_or(AttributeValue::Null(true), |text| AttributeValue::S(text.to_string()))
}

/// A number attribute.
pub(super) fn whole(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

impl Update {
    pub(super) fn new() -> Update {
        Update::default()
    }

    pub(super) fn set(mut self, name: &str, value: AttributeValue) -> Update {
        let set = format!("{} = {}", self.name(name), self.value(value));
        self.sets.push(set);
        self
    }

    /// Adds a value to the end of a list that is there.
    pub(super) fn append(mut self, name: &str, value: AttributeValue) -> Update {
        let (name, value) = (self.name(name), self.value(AttributeValue::L(vec![value])));
        self.sets.push(format!("{name} = list_append({name}, {value})"));
        self
    }

    /// Sets an attribute that is not there yet, and leaves one that is.
    pub(super) fn set_once(mut self, name: &str, value: AttributeValue) -> Update {
        let (name, value) = (self.name(name), self.value(value));
        self.sets.push(format!("{name} = if_not_exists({name}, {value})"));
        self
    }

    pub(super) fn remove(mut self, name: &str) -> Update {
        let name = self.name(name);
        self.removes.push(name);
        self
    }

    /// Counts one more; from zero where the attribute is not there.
    pub(super) fn count(mut self, name: &str) -> Update {
        let add = format!("{} {}", self.name(name), self.value(whole(1)));
        self.adds.push(add);
        self
    }

    /// Adds a string to a set of them, which begins with it where there is none.
    pub(super) fn add_to_set(mut self, name: &str, text: &str) -> Update {
        let add = format!("{} {}", self.name(name), self.value(AttributeValue::Ss(vec![text.to_owned()])));
        self.adds.push(add);
        self
    }

    /// Takes a string out of a set of them; the set goes with the last.
    pub(super) fn take_from_set(mut self, name: &str, text: &str) -> Update {
        let delete = format!("{} {}", self.name(name), self.value(AttributeValue::Ss(vec![text.to_owned()])));
        self.deletes.push(delete);
        self
    }

    /// Only if the item, or this attribute of it, is not there.
    pub(super) fn if_absent(mut self, name: &str) -> Update {
        let condition = format!("attribute_not_exists({})", self.name(name));
        self.conditions.push(condition);
        self
    }

    pub(super) fn if_present(mut self, name: &str) -> Update {
        let condition = format!("attribute_exists({})", self.name(name));
        self.conditions.push(condition);
        self
    }

    /// Only if the attribute compares with the value as `comparison` says: `=`, `>` and so on.
    pub(super) fn if_compares(mut self, name: &str, comparison: &str, value: AttributeValue) -> Update {
        let condition = format!("{} {comparison} {}", self.name(name), self.value(value));
        self.conditions.push(condition);
        self
    }

    /// Only if the attribute, a set, has fewer members than so many.
    pub(super) fn if_fewer(mut self, name: &str, most: u64) -> Update {
        let (name, most) = (self.name(name), self.value(whole(most)));
        self.conditions.push(format!("(attribute_not_exists({name}) OR size({name}) < {most})"));
        self
    }

    /// Only if one of the alternatives holds, each an attribute that compares with a value; an absent attribute is as
    /// good as one that does.
    pub(super) fn if_absent_or<const N: usize>(mut self, alternatives: [(&str, &str, AttributeValue); N]) -> Update {
        let alternatives = alternatives.map(|(name, comparison, value)| {
            let (name, value) = (self.name(name), self.value(value));
            format!("attribute_not_exists({name}) OR {name} {comparison} {value}")
        });
        self.conditions.push(format!("({})", alternatives.join(" OR ")));
        self
    }

    /// Only if no later holder of the lease has written the item; and keeps earlier holders off from now on.
    pub(super) fn fenced(self, fence: &Fence) -> Update {
        self.only_fenced(fence).set(&fence.attribute, whole(fence.token))
    }

    /// Only the first half of [`Update::fenced`], for deletions.
    pub(super) fn only_fenced(self, fence: &Fence) -> Update {
        self.if_absent_or([(&fence.attribute, "<=", whole(fence.token))])
    }

    pub(super) fn returning(mut self, what: ReturnValue) -> Update {
        self.returning = Some(what);
        self
    }

    /// The update expression.
    pub(super) fn expression(&self) -> Option<String> {
        let clauses = [("SET", &self.sets), ("REMOVE", &self.removes), ("ADD", &self.adds), ("DELETE", &self.deletes)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<String> = clauses.map(|(word, parts)| format!("{word} {}", parts.join(", "))).collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }

    /// The condition expression.
    pub(super) fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty()).then(|| self.conditions.join(" AND "))
    }

    /// What the placeholders stand for: names, and values. DynamoDB refuses empty maps.
    pub(super) fn placeholders(self) -> (Names, Values) {
        ((!self.names.is_empty()).then_some(self.names), (!self.values.is_empty()).then_some(self.values))
    }

    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }
}
