//! Which properties and operators each endpoint takes; anything else is 400 `E0000031`.

use super::{Comparison, Expression, Operator};

/// One endpoint's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Okta: List all users, `search`.
    UserSearch,
    /// Okta: List all users, `filter`.
    UserFilter,
    /// Okta: List all groups, `search`.
    GroupSearch,
    /// Okta: List all groups, `filter`.
    GroupFilter,
    /// Okta: List all devices, `search`.
    DeviceSearch,
    /// Okta: List all applications, `filter`.
    AppFilter,
    /// Okta: List all system log events, `filter`.
    LogFilter,
}

/// Which operators a property takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Equal,
    /// Equality and the strict comparisons, which are all that Okta documents for groups.
    EqualAndStrict,
    /// Equality and every comparison.
    Ordered,
    /// The same and `sw`.
    Text,
    /// The same and `co`.
    TextContaining,
    Everything,
}

/// Checks an expression against an endpoint's language; the error says what is wrong.
pub(crate) fn check(expression: &Expression, dialect: Dialect) -> Result<(), String> {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => parts.iter().try_for_each(|part| check(part, dialect)),
        Expression::Not(part) if dialect == Dialect::LogFilter => check(part, dialect),
        Expression::Not(_) => Err("the operator not is not supported".to_owned()),
        Expression::Present(property) => {
            let known = takes(property, dialect) != Takes::Nothing;
            let supported = !matches!(dialect, Dialect::UserFilter | Dialect::GroupFilter | Dialect::AppFilter);
            (known && supported).then_some(()).ok_or_else(|| format!("{property} pr is not supported"))
        }
        Expression::Compare(comparison) => check_comparison(comparison, dialect),
    }
}

fn check_comparison(comparison: &Comparison, dialect: Dialect) -> Result<(), String> {
    let Comparison { property, operator, literal } = comparison;
    if !takes(property, dialect).admits(*operator) {
        return Err(format!("{property} with {operator:?} is not supported"));
    }
    if is_time(property) && literal.millisecond.is_none() {
        return Err(format!("{property} needs a time, not {}", literal.text));
    }
    Ok(())
}

fn is_time(property: &str) -> bool {
    matches!(property, "created" | "activated" | "statusChanged" | "lastUpdated" | "lastMembershipUpdated")
}

fn takes(property: &str, dialect: Dialect) -> Takes {
    match dialect {
        Dialect::UserSearch => match property {
            "created" | "activated" | "statusChanged" | "lastUpdated" => Takes::Ordered,
            "profile.firstName" | "profile.lastName" | "profile.email" | "profile.login" => Takes::TextContaining,
            "id" | "status" | "type.id" => Takes::Text,
            _ if property.starts_with("profile.") => Takes::Text,
            _ => Takes::Nothing,
        },
        Dialect::UserFilter => match property {
            "lastUpdated" => Takes::Ordered,
            "id" | "status" | "profile.login" | "profile.email" | "profile.firstName" | "profile.lastName" => {
                Takes::Equal
            }
            _ => Takes::Nothing,
        },
        Dialect::GroupSearch => match property {
            "created" | "lastUpdated" | "lastMembershipUpdated" => Takes::Ordered,
            "profile.name" | "profile.description" => Takes::TextContaining,
            "id" | "type" | "source.id" => Takes::Text,
            _ if property.starts_with("profile.") => Takes::Text,
            _ => Takes::Nothing,
        },
        Dialect::GroupFilter => match property {
            "lastUpdated" | "lastMembershipUpdated" => Takes::EqualAndStrict,
            "id" | "type" => Takes::Equal,
            _ => Takes::Nothing,
        },
        Dialect::DeviceSearch => match property {
            "lastUpdated" => Takes::Ordered,
            "profile.displayName"
            | "profile.serialNumber"
            | "profile.imei"
            | "profile.meid"
            | "profile.udid"
            | "profile.sid" => Takes::TextContaining,
            "id" | "status" => Takes::Text,
            _ if property.starts_with("profile.") => Takes::Text,
            _ => Takes::Nothing,
        },
        Dialect::AppFilter => match property {
            "id" | "status" | "name" | "user.id" | "group.id" | "credentials.signing.kid" | "settings.slo.enabled" => {
                Takes::Equal
            }
            _ => Takes::Nothing,
        },
        Dialect::LogFilter => match property {
            "published" => Takes::Nothing,
            _ => Takes::Everything,
        },
    }
}

impl Takes {
    fn admits(self, operator: Operator) -> bool {
        match operator {
            Operator::Equal => self != Self::Nothing,
            Operator::Greater | Operator::Less => !matches!(self, Self::Nothing | Self::Equal),
            Operator::GreaterOrEqual | Operator::LessOrEqual => {
                !matches!(self, Self::Nothing | Self::Equal | Self::EqualAndStrict)
            }
            Operator::StartsWith => {
                matches!(self, Self::Text | Self::TextContaining | Self::Everything)
            }
            Operator::Contains => matches!(self, Self::TextContaining | Self::Everything),
            Operator::NotEqual | Operator::EndsWith => self == Self::Everything,
        }
    }
}
