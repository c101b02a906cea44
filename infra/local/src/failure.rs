//! How a command ends: its exit status, and for a failure the problem, for people and for programs.

use std::process::ExitCode;

use rollcall::stack::StackError;
use rollcall_shared::Error;
use rollcall_shared::directory::DirectoryError;
use rollcall_shared::model::ConfigFault;
use rollcall_shared::report::{Problem, RunState};
use serde_json::{Value, json};

/// The exit status: an outside contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It was done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Bad usage or configuration.
    Usage = 2,
    /// The guard holds deactivations.
    Held = 3,
    /// The view of Okta could not be trusted.
    Blind = 4,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

impl From<RunState> for Status {
    fn from(state: RunState) -> Status {
        match state {
            RunState::Succeeded => Status::Done,
            RunState::Held => Status::Held,
            RunState::Blind => Status::Blind,
            RunState::Running | RunState::Failed | RunState::Cancelled => Status::Failed,
        }
    }
}

/// What kept a command from being done.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit status it leads to.
    pub(crate) status: Status,
    // Boxed, because every function of a command may return one.
    problem: Box<Problem>,
    faults: Vec<ConfigFault>,
}

impl Failure {
    /// A failure with its problem.
    pub(crate) fn new(status: Status, problem: Problem) -> Failure {
        Failure { status, problem: Box::new(problem), faults: Vec::new() }
    }

    /// Bad usage or configuration: what is wrong, and what to do.
    pub(crate) fn usage(detail: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::new(Status::Usage, Problem::new("usage", "Bad usage or configuration", detail, hint))
    }

    /// A document that is no connection, for all these reasons.
    pub(crate) fn faults(document: &str, faults: Vec<ConfigFault>) -> Failure {
        let count = match faults.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        };
        let detail = format!("{document} is not a valid connection: {count}. Nothing was stored.");
        let problem = Problem::new("invalid-connection", "The connection is not valid", detail, "");
        Failure { faults, ..Failure::new(Status::Usage, problem) }
    }

    /// As a program reads it: `{"problem": …}`, with the faults of a document as `errors`.
    pub(crate) fn json(&self) -> Value {
        let mut problem = json!(self.problem);
        if !self.faults.is_empty() {
            problem["errors"] =
                self.faults.iter().map(|fault| json!({"path": fault.path, "message": fault.message})).collect();
        }
        json!({ "problem": problem })
    }

    /// As a person reads it: a paragraph, and a line for each fault.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("error: {}", paragraph(&self.problem));
        for fault in &self.faults {
            let path = if fault.path.is_empty() { "the document" } else { &fault.path };
            text.push_str(&format!("\n  {path}: {}", fault.message));
        }
        text
    }
}

/// What happened and what to do, as one paragraph.
pub(crate) fn paragraph(problem: &Problem) -> String {
    let mut text = sentence(if problem.detail.is_empty() { &problem.title } else { &problem.detail });
    if !problem.hint.is_empty() {
        text.push(' ');
        text.push_str(&sentence(&problem.hint));
    }
    text
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let problem = error.problem();
        let status = match problem.kind.as_str() {
            "urn:rollcall:problem:blind" => Status::Blind,
            "urn:rollcall:problem:bad-cursor" | "urn:rollcall:problem:unknown-record" => Status::Usage,
            _ => Status::Failed,
        };
        Failure::new(status, problem)
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Failure {
        Failure::from(Error::from(error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(Status::Failed, Problem::new("local", "This machine refused", error.to_string(), ""))
    }
}

impl From<StackError> for Failure {
    fn from(error: StackError) -> Failure {
        let detail = error.to_string();
        let local = |hint: &str| Problem::new("local-stack", "The local stack did not start", detail, hint);
        match error {
            StackError::Owned { .. } => {
                Failure::new(Status::Failed, local("Wait until it ends, or name another directory with --data-dir."))
            }
            StackError::DataDirectory { .. } => {
                Failure::new(Status::Usage, local("Name a directory that you may write with --data-dir."))
            }
            StackError::DynamoDb(_) => {
                Failure::new(Status::Failed, local("If the file is damaged, name a new directory with --data-dir."))
            }
            StackError::Port { .. } => {
                Failure::new(Status::Usage, local("Name another one with --port, or end whatever has it."))
            }
            StackError::Secrets(_) => Failure::new(Status::Failed, local("")),
            StackError::Shared(error) => Failure::from(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rollcall_shared::model::ConfigFault;
    use rollcall_shared::report::RunState;

    use super::{Failure, Status};

    #[test]
    fn a_person_reads_one_paragraph() {
        let failure = Failure::usage("there is no connection acme", "The connections are: beta.");
        assert_eq!(failure.text(), "error: there is no connection acme. The connections are: beta.");
    }

    #[test]
    fn every_fault_has_its_line_and_its_path() {
        let fault = |path: &str| ConfigFault { path: path.to_owned(), message: "unknown key".to_owned() };
        let failure = Failure::faults("a.json", vec![fault("mappings[0].x"), fault("")]);
        assert_eq!(
            failure.text(),
            "error: a.json is not a valid connection: 2 problems. Nothing was stored.\n  \
             mappings[0].x: unknown key\n  the document: unknown key"
        );
        assert_eq!(failure.json()["problem"]["errors"][0]["path"], "mappings[0].x");
    }

    #[test]
    fn the_state_of_a_run_is_the_exit_status() {
        let statuses = [RunState::Succeeded, RunState::Failed, RunState::Held, RunState::Blind].map(Status::from);
        assert_eq!(statuses.map(|status| status as u8), [0, 1, 3, 4]);
    }
}
