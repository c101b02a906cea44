//! What runs tell the operator.

use crate::error::{Error, Fate};
use crate::report::{Problem, RunReport};

/// A run that went on in so many invocations of a function that calls itself.
pub(crate) fn too_many_invocations(report: &RunReport) -> Error {
    let detail = format!("Run {} is not finished after {} invocations.", report.run, report.invocations);
    let hint = "The next trigger resumes it. Give the function more time or memory, or the connection a larger share of \
                Okta's rate limit.";
    Error::Problem(Problem::new("too-many-invocations", "The run goes on for too long", detail, hint), Fate::Retryable)
}

/// What a held run tells the operator.
pub(crate) fn held_problem(report: &RunReport) -> Problem {
    let held: u64 = report.mappings.values().map(|counts| counts.held).sum();
    Problem::new(
        "held",
        "Deactivations wait for approval",
        format!(
            "{held} records would become inactive: more than the guard allows without a person, or people who are gone \
             and of whom Okta's log cannot tell why. Everything else is applied."
        ),
        format!(
            "If these people did leave, let the run go on with `rollcall approve {run}`; if not, find out what changed in \
             Okta, and discard the hold with `rollcall cancel {run}`.",
            run = report.run
        ),
    )
}
