//! How a job's invocation ends: as its work did, with everything that was done kept.

use super::holding::set_aside;
use super::{AtWork, Sheet};
use crate::error::Error;
use crate::handlers::interruption::Interruption;
use crate::handlers::run::{self, Run};
use crate::report::{RunReport, RunState};

/// Ends the invocation, and with it the run unless only the time was up or a further start can resume it.
///
/// # Errors
/// When the report cannot be written; a failed run is not an error here, its report says so.
pub(crate) async fn end(
    mut run: Run,
    job: &AtWork<impl Sheet>,
    ended: Result<RunState, Interruption>,
) -> Result<RunReport, Error> {
    let interruption = match ended {
        Ok(ending) => {
            run.report = job.report(ending);
            if ending == RunState::Held {
                run.report.problem = Some(run::held_problem(&run.report));
            }
            if let Some(problem) = job.trouble() {
                (run.report.state, run.report.problem) = (RunState::Failed, Some(problem));
            }
            return run.close().await;
        }
        Err(interruption) => interruption,
    };
    if matches!(interruption, Interruption::Blind(_)) {
        set_aside(job).await?;
    }
    // What was done is kept: only after an error of the state table itself is there nothing to add.
    let saved = match &interruption {
        Interruption::Error(Error::Directory(_)) => {
            // Whoever takes the run up tells again what the feed has not heard; after an error for good nobody does.
            job.line.publish().await.unwrap_or_else(|error| tracing::warn!(%error, "the feed was not told"));
            Ok(())
        }
        _ => job.save().await,
    };
    run.report = job.report(RunState::Running);
    run.interrupted(saved.err().unwrap_or(interruption)).await
}
