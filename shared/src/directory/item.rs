//! An item as it was read: its attributes, and whence it came, so that what cannot be read can be named.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::attribute::from_attribute;
use super::error::DirectoryError;

/// A table's attributes of one item, or those of them that were asked for.
#[derive(Debug, Clone)]
pub(super) struct Item {
    table: String,
    attributes: HashMap<String, AttributeValue>,
}

impl Item {
    pub(super) fn new(table: &str, attributes: HashMap<String, AttributeValue>) -> Item {
        Item { table: table.to_owned(), attributes }
    }

    /// The whole item as a value of a type whose fields are named as the attributes are; attributes that the type
    /// does not have are passed over.
    pub(super) fn decode<T: DeserializeOwned>(&self) -> Result<T, DirectoryError> {
        let object: Map<String, Value> =
            self.attributes.iter().map(|(name, value)| (name.clone(), from_attribute(value))).collect();
        serde_json::from_value(Value::Object(object)).map_err(|error| self.damaged(error.to_string()))
    }

    /// An attribute that holds JSON as text.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, DirectoryError> {
        serde_json::from_str(self.text(name)?).map_err(|error| self.damaged(format!("attribute {name}: {error}")))
    }

    /// An attribute that holds a JSON value as a map, list or scalar.
    pub(super) fn value<T: DeserializeOwned>(&self, name: &str) -> Result<T, DirectoryError> {
        let value = self.attributes.get(name).map_or(Value::Null, from_attribute);
        serde_json::from_value(value).map_err(|error| self.damaged(format!("attribute {name}: {error}")))
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, DirectoryError> {
        self.optional_text(name).ok_or_else(|| self.damaged(format!("attribute {name} is not a string")))
    }

    pub(super) fn optional_text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_s().ok().map(String::as_str)
    }

    pub(super) fn whole(&self, name: &str) -> Result<u64, DirectoryError> {
        self.optional_whole(name).ok_or_else(|| self.damaged(format!("attribute {name} is not a whole number")))
    }

    pub(super) fn optional_whole(&self, name: &str) -> Option<u64> {
        self.attributes.get(name)?.as_n().ok()?.parse().ok()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.attributes.get(name), Some(AttributeValue::Bool(true)))
    }

    /// Whether there is nothing in it: a deletion found no item.
    pub(super) fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The error that says what is wrong with this item.
    pub(super) fn damaged(&self, message: impl Into<String>) -> DirectoryError {
        let key = |name| self.optional_text(name).unwrap_or("?");
        DirectoryError::Damaged {
            table: self.table.clone(),
            key: format!("{} / {}", key("pk"), key("sk")),
            message: message.into(),
        }
    }
}
