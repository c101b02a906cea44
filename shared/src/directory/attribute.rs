//! JSON as DynamoDB's attribute values, and back.
//!
//! Objects become maps, arrays lists, null NULL, empty strings stay. A number is stored as a number, by its shortest
//! decimal text: DynamoDB keeps 38 digits, JSON numbers here have at most 20. The same number comes back, though not
//! always in the same notation (`1.0` as `1`). What DynamoDB cannot hold is refused, never rounded or renamed.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};

/// How many maps and lists may stand in one another, the outermost included. DynamoDB documents 32 levels, and its
/// regions do not agree whether the 32nd is still one of them.
const DEEPEST: usize = 31;

/// Why a value has no place in DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("is nested more than {DEEPEST} levels deep")]
    TooDeep,
    #[error("has a number that DynamoDB cannot hold (beyond 1e126, or closer to zero than 1e-130)")]
    Number,
    #[error("has an object with an empty key, which DynamoDB does not allow")]
    EmptyKey,
}

/// A JSON value as an attribute.
pub(super) fn to_attribute(value: &Value) -> Result<AttributeValue, Unfit> {
    convert(value, DEEPEST)
}

/// A JSON object as an attribute, or the name of its member that does not fit, and why.
pub(super) fn to_map(object: &Map<String, Value>) -> Result<AttributeValue, (String, Unfit)> {
    let mut members = std::collections::HashMap::with_capacity(object.len());
    for (name, value) in object {
        if name.is_empty() {
            return Err((String::new(), Unfit::EmptyKey));
        }
        members.insert(name.clone(), convert(value, DEEPEST - 1).map_err(|unfit| (name.clone(), unfit))?);
    }
    Ok(AttributeValue::M(members))
}

fn convert(value: &Value, levels: usize) -> Result<AttributeValue, Unfit> {
    Ok(match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(truth) => AttributeValue::Bool(*truth),
        Value::Number(number) => AttributeValue::N(number_text(number)?),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(elements) => {
            let inside = levels.checked_sub(1).ok_or(Unfit::TooDeep)?;
            AttributeValue::L(elements.iter().map(|element| convert(element, inside)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let inside = levels.checked_sub(1).ok_or(Unfit::TooDeep)?;
            let member = |(name, value): (&String, &Value)| match name.as_str() {
                "" => Err(Unfit::EmptyKey),
                _ => Ok((name.clone(), convert(value, inside)?)),
            };
            AttributeValue::M(members.iter().map(member).collect::<Result<_, _>>()?)
        }
    })
}

fn number_text(number: &Number) -> Result<String, Unfit> {
    if number.is_f64() {
        let size = number.as_f64().map_or(f64::INFINITY, f64::abs);
        if size != 0.0 && !(1e-130..1e126).contains(&size) {
            return Err(Unfit::Number);
        }
    }
    Ok(number.to_string())
}

/// An attribute as JSON. Sets become arrays; binary values, which are never written here, become null.
pub(super) fn from_attribute(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::Bool(truth) => Value::Bool(*truth),
        AttributeValue::N(text) => number(text),
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::L(elements) => Value::Array(elements.iter().map(from_attribute).collect()),
        AttributeValue::M(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), from_attribute(member))).collect())
        }
        AttributeValue::Ns(texts) => Value::Array(texts.iter().map(|text| number(text)).collect()),
        AttributeValue::Ss(texts) => Value::Array(texts.iter().cloned().map(Value::String).collect()),
        _ => Value::Null,
    }
}

/// A number, whole where it is whole: DynamoDB does not promise the notation in which it answers.
fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    if let Ok(whole) = text.parse::<u64>() {
        return whole.into();
    }
    let Ok(fraction) = text.parse::<f64>() else { return Value::String(text.to_owned()) };
    // 2^53: up to here every whole double is exactly one integer.
    if fraction.fract() == 0.0 && fraction.abs() < 9_007_199_254_740_992.0 {
        return (fraction as i64).into();
    }
    Number::from_f64(fraction).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
