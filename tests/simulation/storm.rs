//! The storm: whoever waits at the gate is let through, failed, delayed or lost, one call after the other, while
//! processes die, invocations are lost and doubled, leases lapse, and the org changes.

use std::time::Duration;

use fastrand::Rng;
use okta_sim::Role;
use rollcall_shared::model::Job;
use tokio::time::Instant;

use crate::change::Administrator;
use crate::coverage::{Coverage, MOST_AT_ONCE};
use crate::deployment::Deployment;
use crate::invocation::Invocation;
use crate::lease::lapse;
use crate::observer::Observer;
use crate::schedule::Schedule;
use crate::weather::Weather;

/// Crashes that every storm has.
const CRASHES: u64 = 2;
/// Invocations that are at work at once in every storm.
const OVERLAP: u64 = 3;
/// The jobs.
pub(crate) const JOBS: [Job; 4] = [Job::FullImport, Job::DeltaSync, Job::Deprovisioning, Job::DeviceCollection];
/// Whoever is at work when the storm is over is done before.
pub(crate) const TOO_LONG: Duration = Duration::from_secs(3_600);
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
    pub(crate) at_work: Vec<Invocation>,
    /// How fast each process is: the others wait longer at the gate.
    pub(crate) speeds: Vec<u32>,
    pub(crate) started: u64,
    /// When anybody last did anything.
    pub(crate) active_at: Instant,
    pub(crate) is_imported: bool,
    pub(crate) is_collected: bool,
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
        let observer = Observer::of(deployment.connection.clone(), weather.index_lag);
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
            is_collected: false,
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
                    [Role::None, Role::NoLog, Role::NoGroups, Role::NoDevices][rng.usize(0..4)].clone()
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

    /// Nobody has anything to do but to wait for time to pass.
    pub(crate) async fn let_time_pass(&mut self) {
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
