//! The functions that an expression may call: JMESPath's own, and transforms of texts, dates and value tables.
//!
//! A transform gives null for null, and a type error for anything else that it is not made for. None reads a clock, a
//! time zone or a locale: the same object always gives the same value.

mod arguments;
mod date;
mod table;
mod text;

use std::sync::LazyLock;

use jmespath::ast::Ast;
use jmespath::{Context, ErrorReason, JmespathError, Rcvar, Runtime};

use self::arguments::Arguments;
use crate::model::suggest::suggestion;

/// What a transform makes of its arguments.
type Made = Result<Rcvar, ErrorReason>;

/// How many arguments a function takes: at least, and at most; `None`: that many or more.
type Arity = (usize, Option<usize>);

/// JMESPath's functions.
const STANDARD: [(&str, Arity); 25] = [
    ("abs", (1, Some(1))),
    ("avg", (1, Some(1))),
    ("ceil", (1, Some(1))),
    ("contains", (2, Some(2))),
    ("ends_with", (2, Some(2))),
    ("floor", (1, Some(1))),
    ("keys", (1, Some(1))),
    ("length", (1, Some(1))),
    ("map", (2, Some(2))),
    ("max", (1, Some(1))),
    ("max_by", (2, Some(2))),
    ("merge", (1, None)),
    ("min", (1, Some(1))),
    ("min_by", (2, Some(2))),
    ("not_null", (1, None)),
    ("reverse", (1, Some(1))),
    ("sort", (1, Some(1))),
    ("sort_by", (2, Some(2))),
    ("starts_with", (2, Some(2))),
    ("sum", (1, Some(1))),
    ("to_array", (1, Some(1))),
    ("to_number", (1, Some(1))),
    ("to_string", (1, Some(1))),
    ("type", (1, Some(1))),
    ("values", (1, Some(1))),
];

/// A function of our own.
struct Transform {
    name: &'static str,
    arity: Arity,
    apply: fn(&Arguments<'_>) -> Made,
}

const fn transform(name: &'static str, least: usize, most: usize, apply: fn(&Arguments<'_>) -> Made) -> Transform {
    Transform { name, arity: (least, Some(most)), apply }
}

/// The transforms, and JMESPath's `join`, which here has a limit to what it makes.
const TRANSFORMS: [Transform; 12] = [
    transform("collapse", 1, 1, text::collapse),
    transform("date", 2, 3, date::date),
    transform("default", 2, 2, table::default),
    transform("join", 2, 2, text::join),
    transform("lookup", 2, 3, table::lookup),
    transform("lower", 1, 1, text::lower),
    transform("replace", 3, 3, text::replace),
    transform("split", 2, 2, text::split),
    transform("substring", 2, 3, text::substring),
    transform("title", 1, 1, text::title),
    transform("trim", 1, 1, text::trim),
    transform("upper", 1, 1, text::upper),
];

/// What other languages call them.
const ALIASES: [(&str, &str); 16] = [
    ("capitalize", "title"),
    ("coalesce", "not_null"),
    ("concat", "join"),
    ("dateformat", "date"),
    ("downcase", "lower"),
    ("formatdate", "date"),
    ("initcap", "title"),
    ("lowercase", "lower"),
    ("proper", "title"),
    ("strftime", "date"),
    ("strip", "trim"),
    ("substr", "substring"),
    ("titlecase", "title"),
    ("tolowercase", "lower"),
    ("touppercase", "upper"),
    ("uppercase", "upper"),
];

/// Where expressions find their functions.
pub(super) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    for Transform { name, apply, .. } in &TRANSFORMS {
        let call = move |values: &[Rcvar], context: &mut Context<'_>| {
            apply(&Arguments(values)).map_err(|reason| JmespathError::from_ctx(context, reason))
        };
        runtime.register_function(name, Box::new(call));
    }
    runtime
});

/// Checks a call: the function has to be there and take so many arguments, and what is written out in the expression
/// must not fail for every object.
pub(super) fn check(name: &str, arguments: &[Ast]) -> Result<(), String> {
    let Some((least, most)) = arity(name) else { return Err(unknown(name)) };
    let given = arguments.len();
    if given < least || most.is_some_and(|most| given > most) {
        let expected = match most {
            Some(most) if most == least => least.to_string(),
            Some(most) => format!("{least} to {most}"),
            None => format!("at least {least}"),
        };
        let noun = if most == Some(1) { "argument" } else { "arguments" };
        return Err(format!("{name}() takes {expected} {noun}, not {given}"));
    }
    let checked = match name {
        "date" => date::check(arguments),
        "lookup" => table::check(arguments),
        "replace" | "split" => text::check(arguments),
        _ => Ok(()),
    };
    checked.map_err(|message| format!("{name}(): {message}"))
}

fn arity(name: &str) -> Option<Arity> {
    let own = TRANSFORMS.iter().find(|transform| transform.name == name).map(|transform| transform.arity);
    own.or_else(|| STANDARD.iter().find(|(known, _)| *known == name).map(|(_, arity)| *arity))
}

/// There is no such function: the one that was meant, if that can be guessed, else all there are.
fn unknown(name: &str) -> String {
    let mut names: Vec<&str> = STANDARD.iter().map(|(known, _)| *known).collect();
    names.extend(TRANSFORMS.iter().map(|transform| transform.name));
    names.sort_unstable();
    let folded = name.to_lowercase().replace('_', "");
    let meant = match ALIASES.iter().find(|(alias, _)| *alias == folded) {
        Some((_, meant)) => format!("; did you mean `{meant}`?"),
        None => suggestion(name, names.iter().copied()),
    };
    match meant.as_str() {
        "" => format!("there is no function `{name}`; there are {}", names.join(", ")),
        meant => format!("there is no function `{name}`{meant}"),
    }
}

/// The text of an argument that is written out in the expression.
pub(super) fn literal(argument: Option<&Ast>) -> Option<&str> {
    match argument {
        Some(Ast::Literal { value, .. }) => value.as_string().map(String::as_str),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests;
