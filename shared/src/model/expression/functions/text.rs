//! Transforms of texts. Letters are Unicode's; positions and lengths count characters.

use jmespath::ast::Ast;
use jmespath::{ErrorReason, Rcvar, Variable};

use super::arguments::{Arguments, null, text, too_large};
use super::{Made, literal};
use crate::model::expression::subject::LARGEST;

/// `lower(x)`: in lower case.
pub(super) fn lower(arguments: &Arguments<'_>) -> Made {
    each(arguments, str::to_lowercase)
}

/// `upper(x)`: in upper case.
pub(super) fn upper(arguments: &Arguments<'_>) -> Made {
    each(arguments, str::to_uppercase)
}

/// `title(x)`: every word begins with a capital and goes on in lower case.
pub(super) fn title(arguments: &Arguments<'_>) -> Made {
    each(arguments, titled)
}

/// `trim(x)`: without white space at both ends.
pub(super) fn trim(arguments: &Arguments<'_>) -> Made {
    each(arguments, |subject| subject.trim().to_owned())
}

/// `collapse(x)`: trimmed, and one space for every run of white space within.
pub(super) fn collapse(arguments: &Arguments<'_>) -> Made {
    each(arguments, |subject| subject.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `replace(x, from, to)`: every `from` becomes `to`.
pub(super) fn replace(arguments: &Arguments<'_>) -> Made {
    let Some(subject) = arguments.subject()? else { return Ok(null()) };
    let (from, to) = (filled(arguments, 1)?, arguments.text(2)?);
    let count = subject.matches(from).count();
    if subject.len() + count * to.len() - count * from.len() > LARGEST {
        return Err(too_large());
    }
    text(subject.replace(from, to))
}

/// `split(x, separator)`: the parts between the separators, as they are.
pub(super) fn split(arguments: &Arguments<'_>) -> Made {
    let Some(subject) = arguments.subject()? else { return Ok(null()) };
    let parts = subject.split(filled(arguments, 1)?);
    let parts = parts.map(|part| Rcvar::new(Variable::String(part.to_owned()))).collect();
    Ok(Rcvar::new(Variable::Array(parts)))
}

/// `substring(x, start[, length])`: from a character on, the first being 0; a negative start counts from the end.
pub(super) fn substring(arguments: &Arguments<'_>) -> Made {
    let Some(subject) = arguments.subject()? else { return Ok(null()) };
    let start = arguments.whole(1)?.unwrap_or_default();
    let length = arguments.whole(2)?.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or_default());
    let skipped = match usize::try_from(start) {
        Ok(start) => start,
        Err(_) => {
            let from_the_end = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
            subject.chars().count().saturating_sub(from_the_end)
        }
    };
    text(subject.chars().skip(skipped).take(length).collect::<String>())
}

/// JMESPath's `join(glue, texts)`, with a limit to what it makes.
pub(super) fn join(arguments: &Arguments<'_>) -> Made {
    let glue = arguments.text(0)?;
    let mistyped = || arguments.mistyped(1, "array[string]");
    let elements = arguments.get(1).and_then(|list| list.as_array()).ok_or_else(mistyped)?;
    let mut joined = String::new();
    for (index, element) in elements.iter().enumerate() {
        let element = element.as_string().ok_or_else(mistyped)?;
        if joined.len() + glue.len() + element.len() > LARGEST {
            return Err(too_large());
        }
        if index > 0 {
            joined.push_str(glue);
        }
        joined.push_str(element);
    }
    text(joined)
}

/// Checks what is written out in a call of `replace` or `split`: there has to be something to look for.
pub(super) fn check(arguments: &[Ast]) -> Result<(), String> {
    if literal(arguments.get(1)) == Some("") {
        return Err("argument 2 must not be empty".to_owned());
    }
    Ok(())
}

fn each(arguments: &Arguments<'_>, make: fn(&str) -> String) -> Made {
    match arguments.subject()? {
        Some(subject) => text(make(subject)),
        None => Ok(null()),
    }
}

/// A text to look for.
fn filled<'a>(arguments: &Arguments<'a>, position: usize) -> Result<&'a str, ErrorReason> {
    match arguments.text(position)? {
        "" => Err(super::arguments::failure(format!("argument {} must not be empty", position + 1))),
        text => Ok(text),
    }
}

/// Words begin after anything that is no letter and no digit. An apostrophe is part of a word, but for one after a
/// single letter: `O'Brien` and `D'Arcy`, but `Women's`.
fn titled(subject: &str) -> String {
    let mut made = String::with_capacity(subject.len());
    // How many characters of the word there were; an apostrophe counts.
    let mut within = 0_usize;
    for character in subject.chars() {
        let apostrophe = matches!(character, '\'' | '’');
        if within == 0 {
            made.extend(character.to_uppercase());
        } else {
            made.extend(character.to_lowercase());
        }
        within = match (character.is_alphanumeric(), apostrophe, within) {
            (true, _, _) => within + 1,
            // A mark that belongs to the letter before it.
            (false, false, 1..) if is_mark(character) => within,
            (false, true, 2..) => within + 1,
            _ => 0,
        };
    }
    made
}

/// The combining marks of decomposed letters, as some directories write them.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}
