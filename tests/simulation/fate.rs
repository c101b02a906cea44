//! The fate of a call that waits at the gate: it arrives, or fails, or is late, or nobody hears of it.

use std::time::Duration;

use fastrand::Rng;
use okta_sim::{Fault, FaultKind, Match};
use tokio::time::Instant;

use crate::coverage::Coverage;
use crate::gate::{Gate, Parked, Verdict};
use crate::storm::Storm;

impl Storm {
    /// Decides on a call that waits; where nobody waits, time passes.
    pub(crate) async fn decide(&mut self) {
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
