//! The storm: whoever waits at the gate is let through, failed, delayed or lost, one call after the other, while
//! processes die, invocations are lost and doubled, leases lapse, and the org changes.

use std::time::Duration;

use fastrand::Rng;
use okta_sim::{Fault, FaultKind, Match, Role};
use rollcall_shared::Error;
use rollcall_shared::model::Job;
use rollcall_shared::report::{RunReport, RunState};
use tokio::time::Instant;

use crate::change::Administrator;
use crate::coverage::{Coverage, MOST_AT_ONCE};
use crate::deployment::Deployment;
use crate::gate::{Gate, Parked, Verdict};
use crate::invocation::{Invocation, invoke};
use crate::lease::lapse;
use crate::observer::Observer;
use crate::schedule::Schedule;
use crate::weather::Weather;

/// Crashes that every storm has.
const CRASHES: u64 = 2;
/// Invocations that are at work at once in every storm.
const OVERLAP: u64 = 3;
/// The jobs.
pub(crate) const JOBS: [Job; 3] = [Job::FullImport, Job::DeltaSync, Job::Deprovisioning];
/// Whoever is at work when the storm is over is done before.
const TOO_LONG: Duration = Duration::from_secs(3_600);
/// No storm is longer.
const MOST_STEPS: u64 = 20_000;

/// A storm.
pub(crate) struct Storm {
    pub(crate) weather: Weather,
    pub(crate) deployment: Deployment,
    pub(crate) administrator: Administrator,
    pub(crate) schedule: Schedule,
    pub(crate) observer: Observer,
    pub(crate) coverage: Coverage,
    pub(crate) rng: Rng,
    at_work: Vec<Invocation>,
    /// How fast each process is: the others wait longer at the gate.
    speeds: Vec<u32>,
    started: u64,
    /// When anybody last did anything.
    active_at: Instant,
    is_imported: bool,
    role_is_lost: bool,
    /// Whether the log could not be read for a while.
    pub(crate) was_without_log: bool,
}

impl Storm {
    /// The storm of a seed, before it begins.
    pub(crate) async fn of(seed: u64, aloud: bool) -> Storm {
        let mut rng = Rng::with_seed(seed);
        let weather = Weather::draw(&mut rng);
        let deployment = Deployment::new(seed, &weather).await;
        let administrator = Administrator::of(weather.people, rng.fork());
        let observer = Observer::of(deployment.connection.clone());
        let mut storm = Storm {
            speeds: vec![1; weather.processes],
            weather,
            deployment,
            administrator,
            schedule: Schedule::new(aloud),
            observer,
            coverage: Coverage::default(),
            rng,
            at_work: Vec::new(),
            started: 0,
            active_at: Instant::now(),
            is_imported: false,
            role_is_lost: false,
            was_without_log: false,
        };
        storm.schedule.note(format!("{:?}", storm.weather));
        storm.observer.look_at_okta(&storm.deployment.sim, 0);
        storm
    }

    /// Rages until everything has happened that has to.
    pub(crate) async fn rage(&mut self) {
        while !self.is_over() && self.observer.findings.is_empty() {
            self.deployment.gate.quiet().await;
            self.look_on();
            self.reap().await;
            self.step().await;
        }
        self.deployment.gate.quiet().await;
        self.look_on();
        self.coverage.count("conflicting writes", self.deployment.gate.conflicts());
        self.coverage.count("swaps", self.administrator.swaps);
        self.coverage.count("changes", self.administrator.changes as u64);
        self.coverage.count("steps", self.schedule.step());
        if self.schedule.step() >= MOST_STEPS && self.observer.findings.is_empty() {
            self.observer.findings.push(format!("not all that has to happen did in {MOST_STEPS} steps"));
        }
    }

    fn is_over(&self) -> bool {
        let happened = self.administrator.changes >= self.weather.changes
            && self.coverage.of("crashes") >= CRASHES
            && self.coverage.of(MOST_AT_ONCE) >= OVERLAP
            && self.is_imported;
        happened || self.schedule.step() >= MOST_STEPS
    }

    pub(crate) fn look_on(&mut self) {
        let written = self.deployment.gate.take_written();
        let step = self.schedule.step();
        self.observer.look_at_writes(&self.deployment.database, &written, step);
    }

    async fn step(&mut self) {
        let roll = self.rng.u32(0..1_000);
        let Weather { busy, danger, .. } = self.weather;
        let needs_change = self.administrator.changes < self.weather.changes;
        let may_die = self.coverage.of("crashes") < self.weather.deaths;
        match roll {
            _ if roll < busy && needs_change => self.change(),
            _ if roll < busy + danger && may_die => self.crash_one().await,
            _ if roll < busy + danger + 6 => self.let_a_lease_lapse(),
            _ if roll < busy + danger + 9 => self.turn_okta(),
            _ if roll < busy + danger + 29 && self.at_work.len() < self.weather.processes => self.start_some(),
            _ => self.decide().await,
        }
    }

    fn change(&mut self) {
        let what = self.administrator.change(&self.deployment.sim);
        self.coverage.count("late commits", u64::from(what.contains("Latecomer")));
        self.schedule.note(format!("org: {what}"));
        self.observer.look_at_okta(&self.deployment.sim, self.schedule.step());
    }

    /// Starts a job in a process that has nothing to do; if the job is at work already, this is a doubled invocation.
    fn start_some(&mut self) {
        let [full, delta, log] = JOBS;
        let often = if self.is_imported { [delta, log] } else { [full; 2] };
        let job = [full, delta, log, often[0], often[1]][self.rng.usize(0..5)];
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
    async fn reap(&mut self) {
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
    }

    /// A process dies. What it had sent arrives now, or later, or never.
    async fn crash_one(&mut self) {
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
    fn let_a_lease_lapse(&mut self) {
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

    /// Something about Okta is another way from now on.
    fn turn_okta(&mut self) {
        let (sim, rng) = (&self.deployment.sim, &mut self.rng);
        match rng.u8(0..4) {
            0 => {
                let lag = self.weather.index_lag.mul_f64(rng.f64());
                sim.with(|org| org.set_index_lag(lag));
                self.schedule.note(format!("Okta's search runs {} s behind", lag.as_secs()));
            }
            1 => {
                let delay = self.weather.log_delay.mul_f64(rng.f64());
                sim.with(|org| org.set_log_delay(delay));
                self.administrator.log_delay = delay;
                self.schedule.note(format!("Okta's log runs {} s behind", delay.as_secs()));
            }
            _ if self.weather.loses_role || self.role_is_lost => {
                self.role_is_lost = !self.role_is_lost;
                let role = if self.role_is_lost {
                    [Role::None, Role::NoLog, Role::NoGroups][rng.usize(0..3)].clone()
                } else {
                    Role::default()
                };
                self.was_without_log |= role == Role::NoLog;
                self.schedule.note(format!("the credential's role is {role:?}"));
                sim.set_role(role);
            }
            _ => {}
        }
    }

    /// Decides on a call that waits; where nobody waits, time passes.
    async fn decide(&mut self) {
        if self.rng.u8(0..50) == 0 {
            let at = self.rng.usize(..self.speeds.len());
            self.speeds[at] = [1, 1, 4, 16][self.rng.usize(0..4)];
        }
        let lives = self.deployment.gate.lives();
        let (now, rng, speeds) = (Instant::now(), &mut self.rng, &self.speeds);
        let picked = self.deployment.gate.look(|parked| {
            let weight = |it: &Parked| match it.not_before {
                Some(moment) if moment > now => 0,
                _ if it.life < lives[it.process] => 1,
                _ => 8 * speeds[it.process],
            };
            let total: u32 = parked.iter().map(weight).sum();
            let mut left = rng.u32(0..total.max(1));
            let at = parked.iter().position(|it| {
                let weight = weight(it);
                let is_it = left < weight;
                left = left.saturating_sub(weight);
                is_it
            });
            at.filter(|_| total > 0).map(|at| parked.remove(at))
        });
        match picked {
            Some(picked) => {
                self.active_at = Instant::now();
                if picked.life < lives[picked.process] {
                    self.decide_on_the_dead(picked)
                } else {
                    self.decide_on(picked)
                }
            }
            None => self.let_time_pass().await,
        }
    }

    fn decide_on_the_dead(&mut self, picked: Parked) {
        let arrives = self.rng.bool();
        let fate = if arrives { "arrives late" } else { "never arrives" };
        self.schedule.note(format!("process {} (dead): {}: {fate}", picked.process, picked.label));
        self.coverage.count("late calls of the dead", u64::from(arrives));
        Gate::decide(picked, if arrives { Verdict::Unheard } else { Verdict::Broken });
    }

    fn decide_on(&mut self, mut picked: Parked) {
        let who = self.at_work.iter().find(|it| it.process == picked.process);
        let who = who.map_or_else(|| format!("process {}", picked.process), |it| it.name.clone());
        let what = std::mem::take(&mut picked.label);
        let rng = &mut self.rng;
        let is_troubled = rng.u32(0..1_000) < self.weather.trouble;
        if is_troubled && picked.not_before.is_none() && rng.u8(0..3) == 0 {
            let seconds = rng.u64(1..30);
            self.schedule.note(format!("{who}: {what}: is {seconds} s on its way"));
            picked.not_before = Some(Instant::now() + Duration::from_secs(seconds));
            picked.label = what;
            self.deployment.gate.look(|parked| parked.push(picked));
            return;
        }
        let (verdict, fate) = match (is_troubled, picked.call.is_dynamodb) {
            (false, _) => (Verdict::Through, String::new()),
            (true, true) => dynamodb_trouble(rng, picked.call.has_effect, &mut self.coverage),
            (true, false) => {
                let fault = okta_trouble(rng, &what);
                self.deployment.sim.inject(Fault::new(Match::any(), fault.clone()));
                (Verdict::Through, format!(": {fault:?}"))
            }
        };
        self.schedule.note(format!("{who}: {what}{fate}"));
        Gate::decide(picked, verdict);
    }

    /// Nobody has anything to do but to wait for time to pass.
    async fn let_time_pass(&mut self) {
        if self.at_work.is_empty() {
            if self.rng.u8(0..3) == 0 {
                let seconds = self.rng.u64(10..1_500);
                self.schedule.note(format!("{seconds} s pass"));
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                for job in JOBS {
                    lapse(&self.deployment.database, job);
                }
            }
            self.start_some();
            return;
        }
        if self.active_at.elapsed() > TOO_LONG {
            let who: Vec<_> = self.at_work.iter().map(|it| it.name.as_str()).collect();
            self.observer.findings.push(format!("{} wait for ever, and nobody knows for what", who.join(" and ")));
        }
        let before = self.deployment.gate.activity();
        let mut pause = Duration::from_millis(4);
        for _ in 0..14 {
            tokio::time::sleep(pause).await;
            let any_ended = self.at_work.iter().any(|it| it.handle.is_finished());
            if self.deployment.gate.activity() != before || any_ended {
                self.active_at = Instant::now();
                return;
            }
            pause *= 2;
        }
    }
}

fn dynamodb_trouble(rng: &mut Rng, has_effect: bool, coverage: &mut Coverage) -> (Verdict, String) {
    let (verdict, fate) = match rng.u8(0..10) {
        0..3 => (Verdict::Throttled, "is throttled"),
        3..5 => (Verdict::Failed, "fails"),
        5..7 => (Verdict::Broken, "never arrives"),
        7..9 => (Verdict::Unheard, "arrives, its answer is lost"),
        _ => (Verdict::Lost, "is lost, and nobody says so"),
    };
    coverage.count("throttled writes", u64::from(has_effect && verdict == Verdict::Throttled));
    coverage.count("lost answers", u64::from(has_effect && verdict == Verdict::Unheard));
    (verdict, format!(": {fate}"))
}

fn okta_trouble(rng: &mut Rng, what: &str) -> FaultKind {
    let is_search = what.contains("search=");
    let is_of_members = what.contains("/groups/") && what.contains("/users");
    let may_repeat = is_search || is_of_members || what.contains("/logs");
    match rng.u8(0..14) {
        0 => FaultKind::Status(500),
        1 => FaultKind::Status(503),
        2 => FaultKind::Status(502),
        3 => FaultKind::RateLimited,
        4 => FaultKind::ConcurrencyLimited,
        5 => FaultKind::EdgeLimited,
        6 => FaultKind::Reset,
        7 => FaultKind::Truncated,
        8 => FaultKind::NotJson,
        9 if what.contains("next page") => FaultKind::ExpiredCursor,
        10 if may_repeat => FaultKind::DuplicateObject,
        11 if is_search || is_of_members => FaultKind::MissingObject,
        12 if is_search || is_of_members => FaultKind::EmptyPage,
        13 if what.contains("filter=lastUpdated") => FaultKind::EmptyList,
        _ => FaultKind::Status(504),
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
