//! Okta's `search` and `filter` languages (SCIM filter expressions).
//!
//! `parser` reads the text, `rules` says which properties and operators an endpoint takes,
//! `evaluate` decides for one object, and `bounds` finds what an index can use.

mod bounds;
mod evaluate;
mod lexer;
mod parser;
mod rules;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub(crate) use bounds::{Bounds, Span, equalities, literals};
pub(crate) use evaluate::{Case, Field, holds};
pub(crate) use parser::parse;
pub(crate) use rules::{Dialect, check};

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Present(String),
    Compare(Comparison),
}

/// One property compared with a literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) property: String,
    pub(crate) operator: Operator,
    pub(crate) literal: Literal,
}

/// The operators of either language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    StartsWith,
    EndsWith,
    Contains,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A value in an expression, read in each way that a property may need it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Literal {
    pub(crate) text: String,
    pub(crate) folded: String,
    pub(crate) millisecond: Option<i64>,
    pub(crate) number: Option<f64>,
    pub(crate) boolean: Option<bool>,
}

impl Literal {
    pub(crate) fn new(text: String) -> Self {
        Self {
            folded: text.to_lowercase(),
            millisecond: text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
            number: text.parse().ok(),
            boolean: text.parse().ok(),
            text,
        }
    }
}
