//! What an index can make of an expression.
//!
//! Bounds only narrow where to look; every object found is still held against the expression. They
//! are for speed, never for correctness.

use std::collections::BTreeSet;

use super::{Comparison, Expression, Operator};
use crate::id::Id;

/// The seconds that a time must lie in, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    const ALL: Self = Self { from: i64::MIN, to: i64::MAX };

    pub(crate) fn is_bounded(self) -> bool {
        self != Self::ALL
    }

    fn narrow(&mut self, operator: Operator, second: i64) {
        match operator {
            Operator::Equal => {
                self.from = self.from.max(second);
                self.to = self.to.min(second);
            }
            Operator::Greater | Operator::GreaterOrEqual => self.from = self.from.max(second),
            Operator::Less | Operator::LessOrEqual => self.to = self.to.min(second),
            Operator::NotEqual | Operator::StartsWith | Operator::EndsWith | Operator::Contains => {}
        }
    }
}

/// What every object must satisfy for which an expression holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) created: Span,
    pub(crate) last_updated: Span,
    /// The smallest and the largest id.
    pub(crate) ids: (Id, Id),
}

impl Bounds {
    pub(crate) const NONE: Self = Self { created: Span::ALL, last_updated: Span::ALL, ids: (Id::FIRST, Id::LAST) };

    /// The bounds that the conjunctions of an expression give.
    pub(crate) fn of(expression: &Expression) -> Self {
        let mut bounds = Self::NONE;
        bounds.narrow(expression);
        bounds
    }

    fn narrow(&mut self, expression: &Expression) {
        match expression {
            Expression::And(parts) => parts.iter().for_each(|part| self.narrow(part)),
            Expression::Compare(comparison) => self.narrow_by(comparison),
            Expression::Or(_) | Expression::Not(_) | Expression::Present(_) => {}
        }
    }

    fn narrow_by(&mut self, comparison: &Comparison) {
        let Comparison { property, operator, literal } = comparison;
        let second = literal.millisecond.map(|at| at.div_euclid(1000));
        match (property.as_str(), second) {
            ("created", Some(second)) => self.created.narrow(*operator, second),
            ("lastUpdated", Some(second)) => self.last_updated.narrow(*operator, second),
            ("id", _) => {
                if let Some(id) = Id::parse(&literal.text) {
                    self.narrow_ids(*operator, id);
                }
            }
            _ => {}
        }
    }

    fn narrow_ids(&mut self, operator: Operator, id: Id) {
        match operator {
            Operator::Greater | Operator::GreaterOrEqual => self.ids.0 = self.ids.0.max(id),
            Operator::Less | Operator::LessOrEqual => self.ids.1 = self.ids.1.min(id),
            Operator::Equal => self.ids = (self.ids.0.max(id), self.ids.1.min(id)),
            Operator::NotEqual | Operator::StartsWith | Operator::EndsWith | Operator::Contains => {}
        }
    }
}

/// Every value that an expression compares `property` with.
pub(crate) fn literals<'a>(expression: &'a Expression, property: &str) -> Vec<&'a str> {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            parts.iter().flat_map(|part| literals(part, property)).collect()
        }
        Expression::Not(part) => literals(part, property),
        Expression::Compare(comparison) if comparison.property == property => vec![&comparison.literal.text],
        Expression::Compare(_) | Expression::Present(_) => Vec::new(),
    }
}

/// The values one of which `property` must equal, if the expression says so: `id eq "a" or id eq "b"`.
pub(crate) fn equalities<'a>(expression: &'a Expression, property: &str) -> Option<BTreeSet<&'a str>> {
    match expression {
        Expression::Compare(comparison) => (comparison.property == property && comparison.operator == Operator::Equal)
            .then(|| BTreeSet::from([comparison.literal.text.as_str()])),
        Expression::And(parts) => parts.iter().find_map(|part| equalities(part, property)),
        Expression::Or(parts) => parts.iter().try_fold(BTreeSet::new(), |mut all, part| {
            all.append(&mut equalities(part, property)?);
            Some(all)
        }),
        Expression::Not(_) | Expression::Present(_) => None,
    }
}
