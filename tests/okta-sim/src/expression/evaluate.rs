//! Whether an expression holds for an object.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparison, Expression, Literal, Operator};

/// What an object has under a property.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field<'a> {
    Absent,
    Text(Cow<'a, str>),
    /// Compared as text exactly, whatever the case rule: ids are case-sensitive everywhere.
    Exact(&'a str),
    Millisecond(i64),
    Number(f64),
    Boolean(bool),
    /// Holds if it does for any of them.
    Many(Vec<Field<'a>>),
}

impl From<Value> for Field<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null | Value::Object(_) => Self::Absent,
            Value::Bool(boolean) => Self::Boolean(boolean),
            Value::Number(number) => number.as_f64().map_or(Self::Absent, Self::Number),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(items) => Self::Many(items.into_iter().map(Self::from).collect()),
        }
    }
}

/// Whether the case of text values matters: not in `search`, but in `filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Sensitive,
    Folded,
}

/// Whether the expression holds for the object whose properties `field` gives.
pub(crate) fn holds<'a>(expression: &Expression, case: Case, field: &impl Fn(&str) -> Field<'a>) -> bool {
    match expression {
        Expression::And(parts) => parts.iter().all(|part| holds(part, case, field)),
        Expression::Or(parts) => parts.iter().any(|part| holds(part, case, field)),
        Expression::Not(part) => !holds(part, case, field),
        Expression::Present(property) => is_present(&field(property)),
        Expression::Compare(comparison) => satisfies(&field(&comparison.property), comparison, case),
    }
}

fn is_present(field: &Field<'_>) -> bool {
    match field {
        Field::Absent => false,
        Field::Many(fields) => fields.iter().any(is_present),
        Field::Text(_) | Field::Exact(_) | Field::Millisecond(_) | Field::Number(_) | Field::Boolean(_) => true,
    }
}

fn satisfies(field: &Field<'_>, comparison: &Comparison, case: Case) -> bool {
    let Comparison { operator, literal, .. } = comparison;
    match field {
        Field::Absent => false,
        Field::Many(fields) => fields.iter().any(|field| satisfies(field, comparison, case)),
        Field::Exact(text) => compares_text(text, *operator, &literal.text),
        Field::Text(text) => match case {
            Case::Sensitive => compares_text(text, *operator, &literal.text),
            Case::Folded => compares_text(&text.to_lowercase(), *operator, &literal.folded),
        },
        Field::Millisecond(at) => ordered(literal.millisecond.map(|other| at.cmp(&other)), *operator),
        Field::Number(number) => ordered(literal.number.and_then(|other| number.partial_cmp(&other)), *operator),
        Field::Boolean(boolean) => equal_boolean(*boolean, literal, *operator),
    }
}

fn compares_text(text: &str, operator: Operator, literal: &str) -> bool {
    match operator {
        Operator::StartsWith => text.starts_with(literal),
        Operator::EndsWith => text.ends_with(literal),
        Operator::Contains => text.contains(literal),
        Operator::Equal
        | Operator::NotEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Less
        | Operator::LessOrEqual => ordered(Some(text.cmp(literal)), operator),
    }
}

fn ordered(ordering: Option<Ordering>, operator: Operator) -> bool {
    ordering.is_some_and(|ordering| match operator {
        Operator::Equal => ordering.is_eq(),
        Operator::NotEqual => ordering.is_ne(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::StartsWith | Operator::EndsWith | Operator::Contains => false,
    })
}

fn equal_boolean(boolean: bool, literal: &Literal, operator: Operator) -> bool {
    match operator {
        Operator::Equal => literal.boolean == Some(boolean),
        Operator::NotEqual => literal.boolean == Some(!boolean),
        Operator::StartsWith
        | Operator::EndsWith
        | Operator::Contains
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Less
        | Operator::LessOrEqual => false,
    }
}
