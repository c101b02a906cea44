//! What an expression may be.
//!
//! The JMESPath library parses and evaluates by recursion, adds to indices without looking, multiplies data as often
//! as it is told to, and finds out about a function's name when it is called. All of that is settled here, before an
//! expression is accepted.

use jmespath::ast::Ast;

const LONGEST: usize = 2_000;
const DEEPEST: usize = 50;
const MOST_PROJECTIONS: usize = 100;
const LARGEST_INDEX: u32 = 100_000;
const LARGEST_GROWTH: f64 = 10_000.0;

/// JMESPath's functions with how many arguments they take; `None`: that many or more.
const FUNCTIONS: [(&str, usize, Option<usize>); 26] = [
    ("abs", 1, Some(1)),
    ("avg", 1, Some(1)),
    ("ceil", 1, Some(1)),
    ("contains", 2, Some(2)),
    ("ends_with", 2, Some(2)),
    ("floor", 1, Some(1)),
    ("join", 2, Some(2)),
    ("keys", 1, Some(1)),
    ("length", 1, Some(1)),
    ("map", 2, Some(2)),
    ("max", 1, Some(1)),
    ("max_by", 2, Some(2)),
    ("merge", 1, None),
    ("min", 1, Some(1)),
    ("min_by", 2, Some(2)),
    ("not_null", 1, None),
    ("reverse", 1, Some(1)),
    ("sort", 1, Some(1)),
    ("sort_by", 2, Some(2)),
    ("starts_with", 2, Some(2)),
    ("sum", 1, Some(1)),
    ("to_array", 1, Some(1)),
    ("to_number", 1, Some(1)),
    ("to_string", 1, Some(1)),
    ("type", 1, Some(1)),
    ("values", 1, Some(1)),
];

/// Checks an expression's text before it is parsed: parsing it must not exhaust the stack.
pub(super) fn check_text(source: &str) -> Result<(), String> {
    let length = source.chars().count();
    if source.trim().is_empty() {
        return Err("expected a JMESPath expression, not an empty string".to_owned());
    }
    if length > LONGEST {
        return Err(format!("the expression has {length} characters; at most {LONGEST} are allowed"));
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
            '\'' | '"' | '`' => skip_quoted(&mut characters, character),
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

fn skip_quoted(characters: &mut impl Iterator<Item = char>, quote: char) {
    while let Some(character) = characters.next() {
        if character == quote {
            return;
        }
        if character == '\\' {
            characters.next();
        }
    }
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
        Ast::Function { name, args, .. } => check_function(name, args.len())?,
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

fn check_function(name: &str, given: usize) -> Result<(), String> {
    let Some((_, least, most)) = FUNCTIONS.iter().find(|(known, _, _)| *known == name) else {
        let known = FUNCTIONS.map(|(known, _, _)| known).join(", ");
        return Err(format!("there is no function `{name}`; JMESPath has {known}"));
    };
    if given >= *least && most.is_none_or(|most| given <= most) {
        return Ok(());
    }
    let expected = if most.is_some() { least.to_string() } else { format!("at least {least}") };
    Err(format!("{name}() takes {expected} arguments, not {given}"))
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
        Ast::Function { name, .. } => match name.as_str() {
            "map" => parts.product(),
            // Every quotation mark of a text within gets a backslash.
            "to_string" => 2.0 * parts.sum::<f64>(),
            _ => parts.sum::<f64>().max(1.0),
        },
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
