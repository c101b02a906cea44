//! A poll: the log's next events, and whether they hint at anybody.
//!
//! Most polls find nothing. They cost one call of Okta, and share a run with the others of the hour; nothing but that
//! run's report is written.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;

use super::batch::{self, Batch};
use crate::clock;
use crate::context::Context;
use crate::directory::{CompleteImport, ConnectionState, LogPosition, SharedRun};
use crate::error::Error;
use crate::groups::Groups;
use crate::handlers::following::{NoImport, ask_for_an_import, witnesses};
use crate::handlers::interruption::Interruption;
use crate::handlers::invocation::Stops;
use crate::handlers::run::Run;
use crate::handlers::sight::see_anybody;
use crate::handlers::{connect, fan_out};
use crate::model::{Connection, Hint, Job, ObjectKind, Time};
use crate::okta::{LOG_RETENTION, Okta, PageRequest, log_reaches_back_to};
use crate::reconcile::{LATE_EVENTS, hash};

/// How long polls that find nothing share a run.
const SHARED_FOR: Duration = Duration::from_secs(60 * 60);

/// What a poll works with.
pub(super) struct Poll {
    pub(super) connection: Arc<Connection>,
    pub(super) okta: Okta,
    pub(super) state: ConnectionState,
    pub(super) import: CompleteImport,
    pub(super) position: LogPosition,
    /// What the log is asked from the beginning.
    pub(super) question: PageRequest,
}

/// What a poll came to.
pub(super) enum Polled {
    /// The log hints at nobody.
    Nothing,
    /// There is somebody to look at: the page of the log, and what an event hook brought.
    Hints(Box<Poll>, Batch, Vec<Hint>),
}

impl Poll {
    /// Finds the org and how far its log was followed, by what is stored of its groups; `None` while the first import is at
    /// work, which sees everybody itself.
    ///
    /// # Errors
    /// Fatal when there is no complete import; one is asked for.
    pub(super) async fn begin(
        context: &Context,
        run: &mut Run,
        mut position: LogPosition,
        stops: Option<Stops>,
    ) -> Result<Option<Poll>, Interruption> {
        let connection = connect::connection(context, &run.report.connection).await?;
        let state = run.directory.connection_state(&connection.name).await?;
        let Some(import) = state.last_complete.clone() else {
            let at_work = run.directory.last_try(&connection.name, Job::FullImport).await?.is_at_work(clock::now());
            if at_work {
                // It sees whoever leaves meanwhile.
                run.report.warnings = vec!["The first full import is at work: the log is followed from there.".into()];
                return Ok(None);
            }
            return Err(ask_for_an_import(context, &connection, NoImport::Never).await.into());
        };
        let okta = connect::org(context, &connection, stops.map(|stops| stops.work)).await?;
        run.okta = Some(okta.clone());
        let groups = Groups::known_ids(&run.directory, &connection).await?;
        if position.looked.is_some_and(|looked| looked < log_reaches_back_to(okta.now())) {
            // The import came later, and saw whoever left until then.
            (position.next, position.since) = (None, None);
        }
        let since = position.since.unwrap_or_else(|| import.t0.before(LATE_EVENTS));
        // Okta refuses to look for much older ones.
        let since = since.max(okta.now().before(LOG_RETENTION));
        let groups = || groups.iter().map(String::as_str);
        let question = PageRequest::hints(since, groups());
        // Of other groups, another question has to be asked: the old link would go on with the old one.
        let asked = hash(PageRequest::hints(Time::from_millis(0), groups()).as_str());
        position.next = position.next.filter(|_| position.question == asked);
        position.question = asked;
        position.gap = position.gap.filter(|gap| import.t0 < *gap);
        Ok(Some(Poll { connection, okta, state, import, position, question }))
    }

    /// Reads on in the log until it hints at somebody, or has nothing more; and what an event hook brought.
    ///
    /// # Errors
    /// Fatal when the log has lost events since it was looked at; an import is asked for.
    pub(super) async fn look(mut self, context: &Context, run: &mut Run) -> Result<Polled, Interruption> {
        let hooked: Vec<Hint> = run.directory.hints(&self.connection.name).try_collect().await?;
        let stored = self.position.next.as_deref().map(PageRequest::stored);
        let mut at = stored.unwrap_or_else(|| self.question.clone());
        loop {
            let batch = batch::read(&self.okta, &at, &self.question).await?;
            // By Okta's own clock, which its answer tells.
            if lost_events(&self.position, &self.import, batch.date) {
                return Err(begin_anew(context, run, (&self.connection, self.position), batch.date).await?);
            }
            if !hooked.is_empty() || batch.hints.iter().any(|hint| !self.position.knows(hint)) {
                return Ok(Polled::Hints(Box::new(self), batch, hooked));
            }
            if batch.unreadable > 0 {
                let count = batch.unreadable;
                run.report.warnings.push(format!("{count} events of Okta's log could not be read, and were left out."));
            }
            let next = batch.resumption(&self.question);
            self.position = self.position.moved(next, batch.date);
            match batch.next {
                Some(next) if !batch.is_last => at = next,
                Some(_) | None => break,
            }
            // Whatever comes, this page need not be passed again.
            run.directory.put_log_position(&run.lease, &self.position).await?;
        }
        self.note_nothing(run).await?;
        Ok(Polled::Nothing)
    }

    /// Where the log goes on is stored once for each run that polls share, and with each page that was passed.
    async fn note_nothing(self, run: &Run) -> Result<(), Interruption> {
        if self.position.polls.as_ref().is_some_and(|polls| polls.run == run.report.run) {
            return Ok(());
        }
        // A role that sees nothing has a quiet log, too.
        see_anybody(&self.okta, &witnesses(run, &self.connection, ObjectKind::User).await?).await?;
        let polls = SharedRun { run: run.report.run.clone(), began: run.report.started };
        let position = LogPosition { polls: Some(polls), ..self.position };
        Ok(run.directory.put_log_position(&run.lease, &position).await?)
    }
}

/// The run that polls share now, if it is not too old.
pub(super) fn shared_run(position: &LogPosition) -> Option<&str> {
    let polls = position.polls.as_ref()?;
    (clock::now().since(polls.began) < SHARED_FOR).then_some(polls.run.as_str())
}

/// Whether the log has lost events that nobody looked at: since it was looked at last, or since the import that it is
/// followed from.
fn lost_events(position: &LogPosition, import: &CompleteImport, now: Time) -> bool {
    position.looked.unwrap_or(import.t0).max(import.t0) < log_reaches_back_to(now)
}

/// Begins at the log's end of today, and asks for a full import, which sees whoever left in between. It says so in a run of
/// its own: shared with polls that find nothing, it would soon be forgotten.
async fn begin_anew(
    context: &Context,
    run: &mut Run,
    (connection, position): (&Connection, LogPosition),
    now: Time,
) -> Result<Interruption, Error> {
    if shared_run(&position) == Some(run.report.run.as_str()) {
        run.set_apart().await?;
    }
    let fresh = LogPosition { next: None, gap: Some(now), ..position }.moved(None, now);
    run.directory.put_log_position(&run.lease, &fresh).await?;
    Ok(ask_for_an_import(context, connection, NoImport::LogGap).await.into())
}

/// Reminds of a full import that has to make up for lost events, and asks for it again: once for each run that polls
/// share.
pub(super) async fn remind(context: &Context, run: &mut Run, position: &LogPosition) {
    if position.gap.is_none() {
        return;
    }
    let name = run.report.connection.clone();
    if run.report.invocations == 1 {
        fan_out::start_other(context, Job::FullImport, &name).await;
    }
    run.report.warnings.push(format!(
        "Events are gone from Okta's log that were never looked at: until a full import of {name} is complete, people who \
         left in that time may still be active."
    ));
}
