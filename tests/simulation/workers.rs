//! Who is at work in a storm: jobs are started, doubled and taken up again, and processes die.

use std::time::Duration;

use rollcall_shared::Error;
use rollcall_shared::model::Job;
use rollcall_shared::report::{RunReport, RunState};
use tokio::time::Instant;

use crate::coverage::MOST_AT_ONCE;
use crate::invocation::{Invocation, invoke};
use crate::lease::lapse;
use crate::storm::{JOBS, Storm, TOO_LONG};

impl Storm {
    /// Starts a job in a process that has nothing to do; if the job is at work already, this is a doubled invocation.
    pub(crate) fn start_some(&mut self) {
        let [full, delta, log, devices] = JOBS;
        let often = if self.is_imported { [delta, log] } else { [full; 2] };
        let job = [full, delta, log, devices, often[0], often[1]][self.rng.usize(0..6)];
        let is_at_work = self.at_work.iter().any(|it| it.job == job);
        if !is_at_work || self.rng.u8(0..4) == 0 {
            self.start(job);
        }
    }

    fn start(&mut self, job: Job) {
        let busy: Vec<usize> = self.at_work.iter().map(|it| it.process).collect();
        let Some(process) = (0..self.weather.processes).find(|process| !busy.contains(process)) else { return };
        if self.at_work.iter().any(|it| it.job == job) {
            self.coverage.count("duplicate invocations", 1);
        }
        self.started += 1;
        let name = format!("{}-{}", job.name(), self.started);
        let within = self.weather.invocation.filter(|_| self.rng.bool());
        self.schedule.note(format!("{name} starts in process {process}, within {within:?}"));
        let handle = invoke(self.deployment.process(process), job, within);
        self.at_work.push(Invocation { job, process, name, handle });
        self.coverage.at_least(MOST_AT_ONCE, self.at_work.len() as u64);
    }

    /// Looks at who has ended; an invocation that ran out of time is followed by another one, or two, or none.
    pub(crate) async fn reap(&mut self) {
        while let Some(at) = self.at_work.iter().position(|it| it.handle.is_finished()) {
            let ended = self.at_work.remove(at);
            let result = ended.handle.await.expect("no job panics");
            self.schedule.note(format!("{} ends: {}", ended.name, told(&result)));
            self.count(&result);
            match result {
                Ok(report) if report.state == RunState::Running && self.weather.invocation.is_some() => {
                    let times = [0, 1, 1, 2][self.rng.usize(0..4)];
                    self.schedule.note(format!("{} is invoked again {times} times", ended.job.name()));
                    (0..times).for_each(|_| self.start(ended.job));
                }
                _ => {}
            }
        }
    }

    fn count(&mut self, result: &Result<RunReport, Error>) {
        let coverage = &mut self.coverage;
        let report = match result {
            Ok(report) => report,
            Err(error) => {
                let lost = error.to_string().contains("lease");
                coverage.count(if lost { "lost leases" } else { "failed invocations" }, 1);
                return;
            }
        };
        for (mapping, counts) in &report.mappings {
            if !counts.add_up() {
                self.observer.findings.push(format!("run {}: {mapping} does not add up: {counts:?}", report.run));
            }
            coverage.count("stale", counts.stale);
            let allowed = match report.job {
                // Whom an import has created itself, it may deactivate without asking.
                Job::FullImport if !self.is_imported => u64::MAX,
                Job::DeviceCollection if !self.is_collected => u64::MAX,
                Job::Deprovisioning => 5 * self.weather.max_deactivations,
                _ => self.weather.max_deactivations,
            };
            if counts.deactivated > allowed {
                let found = format!("run {}: {mapping}: {} deactivated of {allowed}", report.run, counts.deactivated);
                self.observer.findings.push(found);
            }
        }
        let problem = report.problem.as_ref().map_or("", |problem| problem.kind.as_str());
        coverage.count("lost leases", u64::from(problem.contains("lease")));
        coverage.count("retries", report.okta.retried);
        coverage.count("held", u64::from(report.state == RunState::Held));
        coverage.count("blind", u64::from(report.state == RunState::Blind));
        coverage.count("failed runs", u64::from(report.state == RunState::Failed));
        coverage.count("finished runs", u64::from(report.ended.is_some()));
        let is_taken_up = report.invocations > 1;
        coverage.count("runs taken up", u64::from(is_taken_up));
        coverage.count("resumed slices", u64::from(is_taken_up && report.job == Job::FullImport));
        let is_complete = matches!(report.state, RunState::Succeeded | RunState::Held);
        self.is_imported |= report.job == Job::FullImport && is_complete;
        self.is_collected |= report.job == Job::DeviceCollection && is_complete;
    }

    /// A process dies. What it had sent arrives now, or later, or never.
    pub(crate) async fn crash_one(&mut self) {
        if self.at_work.is_empty() {
            return;
        }
        let at = self.rng.usize(..self.at_work.len());
        self.crash(at).await;
    }

    pub(crate) async fn crash(&mut self, at: usize) {
        let dead = self.at_work.remove(at);
        self.schedule.note(format!("{} dies", dead.name));
        dead.handle.abort();
        drop(dead.handle.await);
        self.deployment.gate.end_life(dead.process);
        self.deployment.forget(dead.process).await;
        self.coverage.count("crashes", 1);
    }

    /// Everybody who is still at work dies.
    pub(crate) async fn crash_all(&mut self) {
        while !self.at_work.is_empty() {
            self.crash(0).await;
        }
    }

    /// Waits for all who are still at work.
    pub(crate) async fn wait_for_all(&mut self) {
        let since = Instant::now();
        while !self.at_work.is_empty() {
            if since.elapsed() > TOO_LONG {
                let name = self.at_work[0].name.clone();
                self.observer.findings.push(format!("{name} is not done {} s after the storm", TOO_LONG.as_secs()));
                return self.crash_all().await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.weather.invocation = None;
            self.reap().await;
        }
    }

    /// A lease lapses: its holder is dead, or so slow that others think so.
    pub(crate) fn let_a_lease_lapse(&mut self) {
        let job = JOBS[self.rng.usize(..JOBS.len())];
        let is_alive = self.at_work.iter().any(|it| it.job == job);
        // Who is alive renews it, unless they are very slow.
        if is_alive && self.rng.u8(0..4) > 0 || !lapse(&self.deployment.database, job) {
            return;
        }
        let holder = if is_alive { "though its holder may be alive" } else { "its holder is dead" };
        self.schedule.note(format!("the lease of {} lapses, {holder}", job.name()));
        if self.at_work.len() < self.weather.processes {
            self.start(job);
        }
    }
}

/// What came of an invocation.
pub(crate) fn told(result: &Result<RunReport, Error>) -> String {
    match result {
        Ok(report) => {
            let problem = report.problem.as_ref().map_or("", |problem| problem.kind.as_str());
            format!("{:?} {problem} after {} invocations", report.state, report.invocations)
        }
        Err(error) => error.to_string(),
    }
}
