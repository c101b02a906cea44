//! Tables for people: as wide as the terminal at most, one line a row, long values cut.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle};

/// A value longer than this is cut, however wide the terminal is.
const LONGEST: usize = 60;

/// Columns that a narrow terminal does not shorten: their values are what other commands are given.
const WHOLE: [&str; 3] = ["run", "id", "state"];

/// A line under the header, and nothing else that is not content.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with these columns and rows; empty cells where a row is short.
pub(crate) fn table<S: AsRef<str>>(header: &[S], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(row(header.iter().map(|title| title.as_ref().to_owned())));
    for cells in rows {
        table.add_row(row(cells));
    }
    for (column, title) in table.column_iter_mut().zip(header) {
        if WHOLE.contains(&title.as_ref()) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

fn row(cells: impl IntoIterator<Item = String>) -> Row {
    let mut row: Row = cells.into_iter().map(|text| cell(&text)).collect::<Vec<_>>().into();
    row.max_height(1);
    row
}

fn cell(text: &str) -> Cell {
    let number =
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit() || letter == ',' || letter == '.');
    let alignment = if number { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new(printable(text)).set_alignment(alignment)
}

/// A value of an org as one line that a terminal can be given: no control characters, which could move its cursor
/// or worse, and not too long.
pub(crate) fn printable(text: &str) -> String {
    let mut letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut cut: String = letters.by_ref().take(LONGEST).collect();
    if letters.next().is_some() {
        cut.pop();
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::{printable, table};

    #[test]
    fn one_line_a_row_and_numbers_to_the_right() {
        let text =
            table(&["name", "read"], vec![vec!["staff".into(), "1,200".into()], vec!["x\ny".into(), "7".into()]]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().any(|line| line.contains("staff") && line.contains("1,200")), "{text}");
        assert!(lines.iter().any(|line| line.contains("x y") && line.trim_end().ends_with("    7")), "{text}");
    }

    #[test]
    fn values_cannot_speak_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a [2Jb");
        assert_eq!(printable(&"x".repeat(100)).chars().count(), 60);
    }
}
