//! One run of the command: what was asked for globally, and where its output goes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rollcall::deployment::Deployment;
use rollcall::stack::Stack;
use rollcall_shared::Context;

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
    /// Where the stack is.
    pub(crate) place: Place,
}

/// Where the stack is that a command works on.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In a data directory on this machine.
    Directory(PathBuf),
    /// In AWS.
    Aws(Deployment),
}

/// A stack that a command works on.
pub(crate) struct Opened {
    /// What the handlers get.
    pub(crate) context: Context,
    /// The stack, where it is on this machine.
    local: Option<Stack>,
}

impl Opened {
    /// Lets go of it, and waits until its files are closed.
    pub(crate) async fn close(self) {
        let Opened { context, local } = self;
        // The clients' idle connections go first: the emulator waits for connections to end.
        drop(context);
        if let Some(stack) = local {
            stack.close().await;
        }
    }
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
        Session { out: Out::stdout(), reader, verbose: cli.options.verbose > 0, place: cli.options.place() }
    }

    /// The stack in AWS; or in the data directory, perhaps by way of the process that serves it.
    pub(crate) async fn open(&self) -> Result<Opened, Failure> {
        match &self.place {
            Place::Directory(directory) => {
                let stack = Stack::open(directory).await?;
                Ok(Opened { context: stack.context.clone(), local: Some(stack) })
            }
            Place::Aws(deployment) => Ok(Opened { context: deployment.context().await?, local: None }),
        }
    }

    /// The data directory, for what works on this machine alone.
    ///
    /// # Errors
    /// Bad usage when the command was asked to work on a stack in AWS.
    pub(crate) fn directory(&self, what: &str) -> Result<&Path, Failure> {
        match &self.place {
            Place::Directory(directory) => Ok(directory),
            Place::Aws(_) => {
                let detail = format!("`{what}` works on this machine alone; a stack in AWS keeps its own schedules.");
                Err(Failure::usage(detail, "Leave --aws out."))
            }
        }
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
