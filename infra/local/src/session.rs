//! One run of the command: what was asked for globally, and where its output goes.

use std::path::PathBuf;
use std::process::ExitCode;

use rollcall::stack::Stack;

use crate::cli::{Cli, Command, Format, RecordFormat};
use crate::failure::{Failure, Status};
use crate::output::Out;

/// Who reads stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person: tables and sentences.
    Person,
    /// A program: JSON lines.
    Program,
}

/// What every command gets.
pub(crate) struct Session {
    /// Stdout.
    pub(crate) out: Out,
    /// Who reads it.
    pub(crate) reader: Reader,
    /// Whether logs were asked for: they take the place of a progress bar.
    pub(crate) verbose: bool,
    /// The data directory.
    pub(crate) directory: PathBuf,
}

impl Session {
    /// The session that the command line asks for.
    pub(crate) fn new(cli: &Cli) -> Session {
        let by_format = match &cli.command {
            Command::List(arguments) => arguments.format.map(RecordFormat::is_for_programs),
            Command::Unsynced(arguments) => arguments.format.map(Format::is_for_programs),
            Command::Offboarding(arguments) => arguments.format.map(Format::is_for_programs),
            Command::Unused(arguments) => arguments.format.map(Format::is_for_programs),
            _ => None,
        };
        let reader = if by_format.unwrap_or(cli.options.json) { Reader::Program } else { Reader::Person };
        let directory = cli.options.directory();
        Session { out: Out::stdout(), reader, verbose: cli.options.verbose > 0, directory }
    }

    /// The stack in the data directory, or the link to the process that serves it.
    pub(crate) async fn open(&self) -> Result<Stack, Failure> {
        Ok(Stack::open(&self.directory).await?)
    }

    /// Says how it ended, and gives the process its exit status.
    pub(crate) fn end(mut self, result: Result<Status, Failure>) -> ExitCode {
        let status = match result {
            Ok(status) => status,
            Err(failure) => {
                eprintln!("{}", failure.text());
                if self.reader == Reader::Program {
                    let _ = self.out.json(&failure.json());
                }
                failure.status
            }
        };
        match self.out.flush_all() {
            Ok(()) => status.into(),
            Err(error) => {
                eprintln!("error: the output could not be written: {error}.");
                Status::Failed.into()
            }
        }
    }
}
