//! What somebody may have meant by a word that is nearly right.

/// The known word that is nearest to another, if one is near: "; did you mean `word`?", else an empty text.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let folded = fold(word);
    let tolerated = match folded.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let nearest = known.into_iter().map(|candidate| (distance(&folded, &fold(candidate)), candidate)).min();
    match nearest {
        Some((changes, candidate)) if changes <= tolerated => format!("; did you mean `{candidate}`?"),
        Some(_) | None => String::new(),
    }
}

/// Words as people mix them up: `rateBudgetPercent`, `rate-budget-percent` and `rate_budget_percent` are one.
fn fold(word: &str) -> String {
    word.chars()
        .filter(|character| !matches!(character, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .take(100)
        .collect()
}

/// How many characters have to be put in, left out, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (row, from) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = rows[row][column] + usize::from(from != to);
            let mut fewest = replaced.min(rows[row][column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                fewest = fewest.min(rows[row - 1][column - 1] + 1);
            }
            next.push(fewest);
        }
        rows.push(next);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near() {
        let known = ["name", "okta", "mappings", "rate_budget_percent", "enabled"];
        for (word, suggested) in [
            ("nmae", Some("name")),
            ("Name", Some("name")),
            ("mapping", Some("mappings")),
            ("rateBudgetPercent", Some("rate_budget_percent")),
            ("enable", Some("enabled")),
            ("colour", None),
            ("", None),
        ] {
            let expected = suggested.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            assert_eq!(suggestion(word, known), expected, "{word}");
        }
    }
}
