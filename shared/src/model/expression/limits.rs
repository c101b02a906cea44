//! What an expression may be.
//!
//! The JMESPath library parses and evaluates by recursion, adds to indices without looking, multiplies data as often
//! as it is told to, and finds out about a function's name when it is called. All of that is settled here, before an
//! expression is accepted.

use jmespath::ast::Ast;

use super::functions::{self, literal};

/// Characters of an expression, the JSON in it aside.
const LONGEST: usize = 2_000;
/// Characters of an expression with the JSON in it: a value table may be long.
const LONGEST_WITH_JSON: usize = 20_000;
const DEEPEST: usize = 50;
const MOST_PROJECTIONS: usize = 100;
const LARGEST_INDEX: u32 = 100_000;
const LARGEST_GROWTH: f64 = 10_000.0;
/// How often a text that is not written out in the expression is taken to multiply another.
const UNKNOWN_TEXT: f64 = 100.0;

/// Checks an expression's text before it is parsed: parsing it must not exhaust the stack.
pub(super) fn check_text(source: &str) -> Result<(), String> {
    let length = source.chars().count();
    let json = json_characters(source);
    if source.trim().is_empty() {
        return Err("expected a JMESPath expression, not an empty string".to_owned());
    }
    if length > LONGEST_WITH_JSON {
        return Err(format!("the expression has {length} characters; at most {LONGEST_WITH_JSON} are allowed"));
    }
    if length - json > LONGEST {
        let rest = length - json;
        return Err(format!("the expression has {rest} characters beside JSON; at most {LONGEST} are allowed"));
    }
    let (depth, projections) = nesting(source);
    if depth > DEEPEST {
        return Err(format!("the expression is nested {depth} levels deep; at most {DEEPEST} are allowed"));
    }
    if projections > MOST_PROJECTIONS {
        return Err(format!(
            "the expression has {projections} projections, slices and negations; at most {MOST_PROJECTIONS} are allowed"
        ));
    }
    Ok(())
}

/// How deep brackets nest, and how often the parser goes deeper without one: at `*`, `!`, `&`, `:`, `[?` and `[]`.
fn nesting(source: &str) -> (usize, usize) {
    let (mut depth, mut deepest, mut projections) = (0_usize, 0, 0);
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' | '`' => drop(skip_quoted(&mut characters, character)),
            '(' | '[' | '{' => {
                depth += 1;
                deepest = deepest.max(depth);
                projections += usize::from(matches!(characters.peek(), Some('?' | ']')));
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '*' | ':' => projections += 1,
            '!' | '&' => match characters.peek() {
                // `!=` and `&&` stand between two parts, which are parsed one after the other.
                Some('=' | '&') => drop(characters.next()),
                Some(_) | None => projections += 1,
            },
            _ => {}
        }
    }
    (deepest, projections)
}

/// How many characters stand between backticks.
fn json_characters(source: &str) -> usize {
    let mut characters = source.chars();
    let mut count = 0;
    while let Some(character) = characters.next() {
        match character {
            '`' => count += skip_quoted(&mut characters, character),
            '\'' | '"' => drop(skip_quoted(&mut characters, character)),
            _ => {}
        }
    }
    count
}

/// Skips to the end of what is quoted, and tells how many characters that were.
fn skip_quoted(characters: &mut impl Iterator<Item = char>, quote: char) -> usize {
    let mut count = 0;
    while let Some(character) = characters.next() {
        count += 1;
        if character == quote {
            break;
        }
        if character == '\\' {
            count += usize::from(characters.next().is_some());
        }
    }
    count
}

/// Checks what was parsed: evaluating it must not exhaust the stack or memory, panic, or fail for every object.
pub(super) fn check_tree(tree: &Ast) -> Result<(), String> {
    check_part(tree, 0)?;
    if growth(tree) > LARGEST_GROWTH {
        return Err("the expression multiplies its data too often".to_owned());
    }
    Ok(())
}

fn check_part(part: &Ast, depth: usize) -> Result<(), String> {
    if depth > 2 * DEEPEST {
        return Err(format!("the expression combines too many parts; at most {} in a row are allowed", 2 * DEEPEST));
    }
    match part {
        Ast::Index { idx, .. } => check_index(*idx)?,
        Ast::Slice { start, stop, step, .. } => {
            for index in [*start, *stop, Some(*step)].into_iter().flatten() {
                check_index(index)?;
            }
            if *step == 0 {
                return Err("a slice's step cannot be 0".to_owned());
            }
        }
        Ast::Function { name, args, .. } => functions::check(name, args)?,
        _ => {}
    }
    parts_of(part).into_iter().try_for_each(|inner| check_part(inner, depth + 1))
}

fn check_index(index: i32) -> Result<(), String> {
    if index.unsigned_abs() <= LARGEST_INDEX {
        return Ok(());
    }
    Err(format!("the index {index} is too large; at most {LARGEST_INDEX} is allowed"))
}

/// At most how many times as large as what it is applied to anything on the way to a part's result can be, texts
/// joined together aside.
fn growth(part: &Ast) -> f64 {
    let parts = parts_of(part).into_iter().map(growth);
    match part {
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Slice { .. }
        | Ast::Literal { .. }
        | Ast::Expref { .. }
        | Ast::Flatten { .. }
        | Ast::ObjectValues { .. }
        | Ast::Not { .. }
        | Ast::Or { .. }
        | Ast::And { .. }
        | Ast::Comparison { .. }
        | Ast::Condition { .. } => parts.fold(1.0, f64::max),
        Ast::Subexpr { .. } | Ast::Projection { .. } => parts.product(),
        Ast::MultiList { .. } | Ast::MultiHash { .. } => parts.sum::<f64>().max(1.0),
        Ast::Function { name, args, .. } => growth_of_call(name, args),
    }
}

fn growth_of_call(name: &str, arguments: &[Ast]) -> f64 {
    let sum = arguments.iter().map(growth).sum::<f64>().max(1.0);
    let written = |place: usize| literal(arguments.get(place)).map(|text| (text.len() as f64).max(1.0));
    match name {
        "map" => arguments.iter().map(growth).product(),
        // Every quotation mark of a text within gets a backslash.
        "to_string" => 2.0 * sum,
        "join" => sum * written(0).unwrap_or(UNKNOWN_TEXT),
        "replace" => (sum + written(0).unwrap_or_default()) * written(2).unwrap_or(UNKNOWN_TEXT),
        // A character of one case may be three of the other.
        "lower" | "upper" | "title" => 3.0 * (sum + written(0).unwrap_or_default()),
        "collapse" | "split" | "substring" | "trim" => sum + written(0).unwrap_or_default(),
        _ => sum,
    }
}

/// What a part is made of.
pub(super) fn parts_of(part: &Ast) -> Vec<&Ast> {
    match part {
        Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Slice { .. } | Ast::Literal { .. } => {
            vec![]
        }
        Ast::Expref { ast: node, .. }
        | Ast::Flatten { node, .. }
        | Ast::Not { node, .. }
        | Ast::ObjectValues { node, .. } => vec![node],
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. } => vec![lhs, rhs],
        Ast::Condition { predicate, then, .. } => vec![predicate, then],
        Ast::MultiList { elements, .. } => elements.iter().collect(),
        Ast::MultiHash { elements, .. } => elements.iter().map(|pair| &pair.value).collect(),
        Ast::Function { args, .. } => args.iter().collect(),
    }
}
