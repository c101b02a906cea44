//! Waits for a run and shows how far it is, until it ends or the person at the terminal has waited enough.

use std::pin::pin;
use std::time::Duration;

use rollcall_shared::Context;
use rollcall_shared::model::Job;
use rollcall_shared::report::{RunReport, RunState};
use tokio::time::MissedTickBehavior;

use crate::failure::Failure;
use crate::output::progress::Meter;
use crate::session::Session;

/// How often it is looked how far a run is.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(300);

/// The run that is waited for: the connection's unfinished run of the job.
pub(crate) struct Watch<'a> {
    pub(crate) context: &'a Context,
    pub(crate) connection: &'a str,
    pub(crate) job: Job,
}

/// What came of waiting.
pub(crate) enum Waited<T> {
    /// The work ended.
    Ended(T),
    /// It was interrupted (Ctrl-C) while the run stood there.
    Interrupted(Option<Box<RunReport>>),
}

impl Watch<'_> {
    /// Waits for `work`. When that is interrupted the work is dropped where it stands, which a run survives.
    pub(crate) async fn wait<T>(
        &self,
        session: &mut Session,
        work: impl Future<Output = T>,
    ) -> Result<Waited<T>, Failure> {
        let mut meter = Meter::for_session(session);
        let mut work = pin!(work);
        let mut interrupt = pin!(tokio::signal::ctrl_c());
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = None;
        let waited = loop {
            tokio::select! {
                ended = &mut work => break Waited::Ended(ended),
                Ok(()) = &mut interrupt => break Waited::Interrupted(last.map(Box::new)),
                _ = looks.tick() => {
                    if let Some(report) = self.look(last.as_ref()).await {
                        meter.show(&mut session.out, &report)?;
                        last = Some(report);
                    }
                }
            }
        };
        meter.clear();
        Ok(waited)
    }

    /// Where the run stands. Progress is a courtesy: what goes wrong with it is no concern of the run's.
    async fn look(&self, last: Option<&RunReport>) -> Option<RunReport> {
        let directory = &self.context.directory;
        match last {
            Some(report) => directory.run(&report.run).await.ok().flatten(),
            None => {
                let runs = directory.runs(self.connection).await.ok()?;
                runs.into_iter().find(|run| run.job == self.job && run.state == RunState::Running)
            }
        }
    }
}
