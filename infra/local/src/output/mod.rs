//! What the command prints, and in which forms. Only this module writes to stdout.

pub(crate) mod numbers;
pub(crate) mod pages;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod tables;

use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

/// Stdout. When its reader has gone away (`… | head`), what is written vanishes and the command goes on: its exit
/// status tells what became of its work, not of its output.
#[derive(Debug)]
pub(crate) struct Out {
    writer: BufWriter<Stdout>,
    closed: bool,
}

impl Out {
    /// The process's stdout.
    pub(crate) fn stdout() -> Out {
        Out { writer: BufWriter::new(io::stdout()), closed: false }
    }

    /// Writes a line, and shows it at once.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self, "{text}")?;
        self.flush()
    }

    /// Writes an object as a line of JSON, and shows it at once.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> io::Result<()> {
        self.row(object)?;
        self.flush()
    }

    /// Writes an object as a line of JSON, one of many.
    pub(crate) fn row(&mut self, object: &impl Serialize) -> io::Result<()> {
        writeln!(self, "{}", serde_json::to_string(object)?)
    }

    /// Whether nobody reads any more, so that a long list may end here.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Shows everything written so far; the last thing to do.
    pub(crate) fn flush_all(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn forgive(&mut self, error: io::Error) -> io::Result<()> {
        if error.kind() == io::ErrorKind::BrokenPipe {
            self.closed = true;
            return Ok(());
        }
        Err(error)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.closed
            && let Err(error) = self.writer.write_all(bytes)
        {
            self.forgive(error)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        self.writer.flush().or_else(|error| self.forgive(error))
    }
}
