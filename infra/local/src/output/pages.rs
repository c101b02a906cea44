//! A long list as a table for people: in pages, so that a list of any length needs the memory of one.

use std::io;

use super::Out;
use super::tables::table;

const ROWS: usize = 200;

/// A table that is being filled.
#[derive(Debug)]
pub(crate) struct Pages {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    count: u64,
}

impl Pages {
    /// An empty table with these columns.
    pub(crate) fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Pages {
        Pages { header: header.into_iter().map(Into::into).collect(), rows: Vec::new(), count: 0 }
    }

    /// Adds a row, and prints the page when it is full.
    pub(crate) fn add(&mut self, out: &mut Out, row: Vec<String>) -> io::Result<()> {
        self.rows.push(row);
        self.count += 1;
        if self.rows.len() == ROWS { self.print(out) } else { Ok(()) }
    }

    /// Prints what is left, and tells how many rows there were.
    pub(crate) fn end(mut self, out: &mut Out) -> io::Result<u64> {
        if !self.rows.is_empty() {
            self.print(out)?;
        }
        Ok(self.count)
    }

    fn print(&mut self, out: &mut Out) -> io::Result<()> {
        out.line(table(&self.header, std::mem::take(&mut self.rows)))
    }
}
