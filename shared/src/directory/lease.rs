//! Leases: the time-bounded right to run a job on a connection.
//!
//! One item per connection and job, never deleted, because its token must never fall back:
//!
//! | attribute | |
//! | --- | --- |
//! | `token` | one more with every holder; items that the run writes refuse smaller ones |
//! | `holder` | a random id of the last holder |
//! | `expires_at` | milliseconds; 0 when given up |
//! | `run` | the run that is not finished, if any |
//! | `begun_by` | the holder that began it |
//! | `left` | the unfinished run whose place it took, if any |
//! | `acquired_at` | milliseconds: when it was last acquired for a run |
//! | `tries` | how often it was acquired for runs since one last came to a good end |
//! | `served_at` | milliseconds: when a run last succeeded; until one does, when it was first acquired |
//!
//! Machines' clocks differ: a holder stops writing after [`LeaseTimes::write_limit`] without a renewal, well before
//! the lease [`LeaseTimes::lasts`], and what passes all the same is stopped by revisions and tokens.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValue;
use ulid::Ulid;

use super::calls::Conditional;
use super::renewal::{Grant, Held, Moment};
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError, keys};
use crate::model::Job;

/// Durations of leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// For how long others keep away after a renewal.
    pub lasts: Duration,
    /// How often the holder renews.
    pub renewed_every: Duration,
    /// How long after the last renewal the holder starts no write any more.
    pub write_limit: Duration,
}

impl Default for LeaseTimes {
    fn default() -> LeaseTimes {
        let seconds = Duration::from_secs;
        LeaseTimes { lasts: seconds(30), renewed_every: seconds(10), write_limit: seconds(20) }
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Acquired {
    /// There was no unfinished run: the new one begins.
    New(Lease),
    /// A run was left unfinished: [`Lease::run`] is that one, and the new run's id is not used.
    TakenUp(Lease),
    /// The job is running.
    Joined {
        /// Its run.
        run: String,
    },
}

/// A lease that is held, and renewed until its last handle is gone; without [`Lease::finish`] or [`Lease::pause`] it
/// then lapses by time, as after a crash.
#[derive(Debug, Clone)]
pub struct Lease {
    held: Arc<Held>,
}

impl Lease {
    /// The run that it is for.
    pub fn run(&self) -> &str {
        &self.held.run
    }

    /// The connection's name.
    pub fn connection(&self) -> &str {
        &self.held.connection
    }

    /// The job.
    pub fn job(&self) -> Job {
        self.held.job
    }

    /// The fencing token.
    pub fn token(&self) -> u64 {
        self.held.token
    }

    /// Whether an invocation of this run broke off that wrote records perhaps without telling the feed: an earlier one
    /// of the lease's own run, or of one whose place it took.
    pub fn broke_off(&self, run: &str) -> bool {
        self.held.broken_off.iter().any(|broken_off| broken_off == run)
    }

    /// Whether a record was last written by this run, whichever invocation of it.
    pub fn wrote(&self, run: &str) -> bool {
        run == self.run() || self.broke_off(run)
    }

    /// Whether a write may start.
    ///
    /// # Errors
    /// Retryable, [`DirectoryError::LeaseLapsed`], once the last renewal is too long ago, somebody else holds the lease,
    /// or it was given up.
    pub fn permit(&self) -> Result<(), DirectoryError> {
        if self.held.is_fresh() { Ok(()) } else { Err(self.lapsed()) }
    }

    /// Ends the run, which succeeded: the same as [`Lease::finish`], and the connection counts as served.
    ///
    /// # Errors
    /// As for [`Lease::finish`].
    pub async fn succeed(self) -> Result<(), DirectoryError> {
        let now = Moment::now().clock;
        self.give_up(without_run().remove("tries").set("served_at", whole(now.millis()))).await
    }

    /// Ends the run, which came to a good end: the next start of the job is a new one.
    ///
    /// # Errors
    /// Retryable when somebody else has taken the lease, or DynamoDB throttles or is out of reach; fatal when it
    /// refuses.
    pub async fn finish(self) -> Result<(), DirectoryError> {
        self.give_up(without_run().remove("tries")).await
    }

    /// Ends the run, which failed: the next start of the job is a new one, and schedules leave it alone for longer after
    /// each further try that fails.
    ///
    /// # Errors
    /// As for [`Lease::finish`].
    pub async fn fail(self) -> Result<(), DirectoryError> {
        self.give_up(without_run()).await
    }

    /// Gives the time up but keeps the run, which did not fail: the job's next invocation goes on with it.
    ///
    /// # Errors
    /// As for [`Lease::finish`].
    pub async fn hand_over(self) -> Result<(), DirectoryError> {
        self.give_up(Update::new().remove("tries")).await
    }

    /// Gives the time up but keeps the run, as it was found or after a failure: whoever asks next takes it up at once.
    ///
    /// # Errors
    /// As for [`Lease::finish`].
    pub async fn pause(self) -> Result<(), DirectoryError> {
        self.give_up(Update::new()).await
    }

    /// The same lease for another run, which takes the place of the unfinished one; this handle and its clones end.
    ///
    /// # Errors
    /// Retryable when somebody else has taken the lease, or DynamoDB throttles or is out of reach; fatal when it
    /// refuses.
    pub async fn start_anew(self, run: &str) -> Result<Lease, DirectoryError> {
        self.held.retire();
        let sent = Moment::now();
        let update = self
            .mine(Update::new())
            .set("run", text(run))
            .set("begun_by", text(&self.held.holder))
            .set("left", text(self.run()))
            .set("expires_at", whole(sent.clock.after(self.held.directory.lease_times.lasts).millis()))
            .returning(ReturnValue::AllNew);
        match self.held.directory.update_at_once(&self.held.key, update).await? {
            // As when it is acquired, the run is the one that the item has.
            Conditional::Done(item) => {
                let mut held = self.held.anew(item.text("run")?);
                held.broken_off = [self.held.broken_off.clone(), vec![self.run().to_owned()]].concat();
                Ok(Lease { held: Held::start(held, sent) })
            }
            Conditional::Refused(_) => Err(self.lapsed()),
        }
    }

    /// The same lease in other hands, which do not hear of what this handle does: a holder that was thought dead.
    #[cfg(test)]
    pub(super) fn unaware_twin(&self) -> Lease {
        Lease { held: Held::start(self.held.anew(self.run()), Moment::now()) }
    }

    async fn give_up(self, update: Update) -> Result<(), DirectoryError> {
        self.held.retire();
        let update = self.mine(update).set("expires_at", whole(0));
        match self.held.directory.update_at_once(&self.held.key, update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Refused(_) => Err(self.lapsed()),
        }
    }

    /// Only while nobody else has taken the lease.
    fn mine(&self, update: Update) -> Update {
        update.if_compares("holder", "=", text(&self.held.holder)).if_compares("token", "=", whole(self.held.token))
    }

    fn lapsed(&self) -> DirectoryError {
        DirectoryError::LeaseLapsed { connection: self.connection().to_owned(), job: self.job() }
    }
}

impl Directory {
    /// Asks for the lease on a job of a connection, for a run of it; `new_run` is the id of the one that begins if none is
    /// unfinished.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item of the lease is
    /// damaged. That somebody else holds it is no error.
    pub async fn acquire(&self, connection: &str, job: Job, new_run: &str) -> Result<Acquired, DirectoryError> {
        let now = Moment::now();
        let began = whole(now.clock.millis());
        let noted = Update::new().set("acquired_at", began.clone()).set_once("served_at", began).count("tries");
        self.ask((connection, job, new_run), (now, noted)).await
    }

    /// The same for work of a person's own beside the job's runs, which schedules do not count as one.
    ///
    /// # Errors
    /// As for [`Directory::acquire`].
    pub async fn acquire_aside(&self, connection: &str, job: Job, new_run: &str) -> Result<Acquired, DirectoryError> {
        self.ask((connection, job, new_run), (Moment::now(), Update::new())).await
    }

    async fn ask(
        &self,
        (connection, job, new_run): (&str, Job, &str),
        (sent, noted): (Moment, Update),
    ) -> Result<Acquired, DirectoryError> {
        let key = keys::lease(connection, job);
        let holder = Ulid::generate().to_string();
        // The holder is let in beside the expiry because the SDK may repeat a call that succeeded unheard: it then
        // finds its own lease, takes one more token, and all is as if it had been the first time.
        let update = noted
            .if_absent_or([("expires_at", "<=", whole(sent.clock.millis())), ("holder", "=", text(&holder))])
            .set_once("run", text(new_run))
            .set_once("begun_by", text(&holder))
            .set("holder", text(&holder))
            .set("expires_at", whole(sent.clock.after(self.lease_times.lasts).millis()))
            .count("token")
            .returning(ReturnValue::AllNew);
        let item = match self.update_at_once(&key, update).await? {
            Conditional::Done(item) => item,
            Conditional::Refused(item) => return Ok(Acquired::Joined { run: item.text("run")?.to_owned() }),
        };
        let begun_here = item.text("begun_by")? == holder;
        let (run, token) = (item.text("run")?.to_owned(), item.whole("token")?);
        let grant = Grant { connection: connection.to_owned(), job, run: run.clone(), token, holder };
        let mut held = Held::new(self.clone(), key, grant);
        held.broken_off.extend(item.optional_text("left").map(str::to_owned));
        if !begun_here {
            held.broken_off.push(run);
        }
        let lease = Lease { held: Held::start(held, sent) };
        Ok(if begun_here { Acquired::New(lease) } else { Acquired::TakenUp(lease) })
    }
}

/// What a run that ends takes with it.
fn without_run() -> Update {
    Update::new().remove("run").remove("begun_by").remove("left")
}
