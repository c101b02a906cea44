//! After the storm: one quiet pass of each job that keeps up, and the directory says what Okta does.

use std::time::Duration;

use futures::TryStreamExt;
use okta_sim::Role;
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::model::Job;
use rollcall_shared::report::{RunReport, RunState};
use tokio::time::Instant;

use crate::deployment::CONNECTION;
use crate::differences::{are_told, subject};
use crate::gate::{Gate, Verdict};
use crate::invocation::run;
use crate::lease::{lapse, unfinished};
use crate::storm::{JOBS, Storm};
use crate::workers::told;

/// Nothing takes longer in the quiet.
const TOO_LONG: Duration = Duration::from_secs(3_600);
/// A run that was left behind takes so many starts at most.
const MOST_STARTS: usize = 8;

impl Storm {
    /// The storm is over; what is wrong all the same.
    pub(crate) async fn calm(&mut self) -> Vec<String> {
        self.settle().await;
        let mut found = Vec::new();
        if self.is_never_imported().await {
            found.extend(self.pass(Job::FullImport).await);
        }
        let mut jobs = [Job::DeltaSync, Job::Deprovisioning, Job::DeviceCollection];
        self.rng.shuffle(&mut jobs);
        for job in jobs {
            found.extend(self.pass(job).await);
        }
        // What somebody who holds a device is called now, only a look at all devices tells.
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        found.extend(self.pass(Job::DeviceCollection).await);
        found.extend(self.approve_all().await);
        found.extend(self.differences().await);
        if self.was_never_shown(&found) {
            // Nobody knows of them, and a delta and the log tell only of changes: the next complete list shows them.
            found = self.pass(Job::FullImport).await;
            found.extend(self.approve_all().await);
            found.extend(self.differences().await);
        }
        let unsynced = self.unsynced().await;
        if !unsynced.is_empty() && are_told(&found, &unsynced) {
            // A row may stay until a complete import has looked at everybody, and with it the record as it was.
            found = self.pass(Job::FullImport).await;
            // All devices are looked at again after a day.
            tokio::time::sleep(Duration::from_secs(86_400)).await;
            found.extend(self.pass(Job::DeviceCollection).await);
            found.extend(self.approve_all().await);
            found.extend(self.differences().await);
            found.extend(self.unsynced().await);
            let doubles = self.doubles().await;
            found.retain(|line| !doubles.contains(&subject(line)));
        }
        self.deployment.gate.quiet().await;
        self.look_on();
        found.extend(self.runs_without_end().await);
        found.append(&mut self.observer.findings);
        self.count_rejoined().await;
        found
    }

    /// Nothing is in the way any more, and whoever was at work ends, or dies.
    async fn settle(&mut self) {
        self.schedule.note("the storm is over".to_owned());
        let sim = &self.deployment.sim;
        sim.clear_faults();
        sim.set_role(Role::default());
        sim.with(|org| {
            org.set_index_lag(Duration::ZERO);
            org.set_log_delay(Duration::ZERO);
        });
        if self.rng.bool() {
            self.crash_all().await;
        }
        self.deployment.gate.open(true);
        let lives = self.deployment.gate.lives();
        let waiting = self.deployment.gate.look(std::mem::take);
        for parked in waiting {
            let is_dead = parked.life < lives[parked.process];
            match (is_dead, self.rng.u8(0..3)) {
                (false, _) => Gate::decide(parked, Verdict::Through),
                (true, 0) => Gate::decide(parked, Verdict::Broken),
                (true, 1) => Gate::decide(parked, Verdict::Unheard),
                // Some of the dead are heard of only while the quiet pass is at work.
                (true, _) => self.deployment.gate.look(|kept| kept.push(parked)),
            }
        }
        self.wait_for_all().await;
        // Until the log has the last of the events.
        tokio::time::sleep(self.weather.log_delay + Duration::from_secs(self.rng.u64(1..900))).await;
        for job in JOBS {
            lapse(&self.deployment.database, job);
        }
    }

    /// Runs a job until a run has ended that began now; what was wrong.
    async fn pass(&mut self, job: Job) -> Vec<String> {
        for _ in 0..MOST_STARTS {
            // Whoever has it is dead, and its time is up.
            lapse(&self.deployment.database, job);
            let is_new = unfinished(&self.deployment.database, job).is_none();
            let report = match self.start_quietly(job).await {
                Ok(report) => report,
                // Leases go by the wall clock: where this machine is too busy, one lapses under its holder.
                Err(why) if why.contains("has lapsed") => continue,
                Err(why) => return vec![why],
            };
            self.schedule.note(format!("{} quietly: {}", job.name(), told(&Ok(report.clone()))));
            if let Some((mapping, counts)) = report.mappings.iter().find(|(_, counts)| !counts.add_up()) {
                return vec![format!("{}: {mapping} does not add up: {counts:?}", job.name())];
            }
            match report.state {
                RunState::Succeeded | RunState::Held if is_new => return Vec::new(),
                _ if is_new && report.ended.is_some() => {
                    return vec![format!("{} ended {:?} in the quiet: {:?}", job.name(), report.state, report.problem)];
                }
                _ => {}
            }
        }
        vec![format!("{} did not end in {MOST_STARTS} starts", job.name())]
    }

    async fn start_quietly(&mut self, job: Job) -> Result<RunReport, String> {
        let context = self.deployment.process(0);
        let running = tokio::spawn(async move { run(&context, job, None).await });
        let since = Instant::now();
        while !running.is_finished() {
            if since.elapsed() > TOO_LONG {
                running.abort();
                return Err(format!("{} is not done after {} s of quiet", job.name(), TOO_LONG.as_secs()));
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(1..40))).await;
            let late = self.deployment.gate.look(Vec::pop);
            if let Some(late) = late {
                self.schedule.note(format!("process {} (dead): {}: arrives very late", late.process, late.label));
                Gate::decide(late, Verdict::Unheard);
            }
        }
        let result = running.await.expect("no job panics");
        result.map_err(|error| format!("{} did not run in the quiet: {error}", job.name()))
    }

    /// Approves what is held. A run that died after it had held something has to be taken up before, and so has one that
    /// began since and is unfinished: beside it nobody decides.
    async fn approve_all(&mut self) -> Vec<String> {
        for _ in 0..MOST_STARTS {
            let directory = &self.deployment.outside.directory;
            let hold = directory.hold(CONNECTION).await.expect("the hold can be read");
            let Some(hold) = hold else { return Vec::new() };
            let run = directory.run(&hold.run).await.expect("the run can be read").expect("a run that is held for");
            if run.state != RunState::Held || unfinished(&self.deployment.database, run.job).is_some() {
                self.schedule.note(format!("run {} holds, and is {:?}", run.run, run.state));
                let found = self.pass(run.job).await;
                if !found.is_empty() {
                    return found;
                }
                continue;
            }
            match approve(&self.deployment.process(0), &hold.run).await {
                Ok(report) => {
                    self.schedule.note(format!("a person approves what run {} holds: {:?}", hold.run, report.state))
                }
                Err(error) => return vec![format!("what is held cannot be approved: {error}")],
            }
            for job in [Job::DeltaSync, Job::Deprovisioning, Job::DeviceCollection] {
                let found = self.pass(job).await;
                if !found.is_empty() {
                    return found;
                }
            }
        }
        let held = self.deployment.outside.directory.held(CONNECTION);
        let held: Vec<_> = held.try_collect().await.expect("the hold can be read");
        vec![format!("something is held after {MOST_STARTS} approvals: {held:?}")]
    }

    async fn is_never_imported(&self) -> bool {
        let state = self.deployment.outside.directory.connection_state(CONNECTION).await;
        state.expect("the state can be read").last_complete.is_none()
    }

    /// Runs that are said to be at work, and that nobody will ever take up.
    async fn runs_without_end(&self) -> Vec<String> {
        let runs = self.deployment.outside.directory.runs(CONNECTION).await.expect("the runs can be read");
        let is_left = |run: &RunReport| unfinished(&self.deployment.database, run.job).as_ref() != Some(&run.run);
        let at_work = runs.into_iter().filter(|run| run.state == RunState::Running);
        let told = |run: RunReport| format!("{} {} has no end: {run:?}", run.job.name(), run.run);
        at_work.filter(is_left).map(told).collect()
    }

    async fn count_rejoined(&mut self) {
        for mapping in &self.deployment.connection.mappings {
            let records = self.records(&mapping.name).await;
            let rejoined = records.iter().filter(|record| !record.previous_ids.is_empty()).count();
            self.coverage.count("rejoined", rejoined as u64);
        }
    }
}
