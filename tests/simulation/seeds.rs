//! Seeds: which are tried, on all cores, and what is told of those that fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::coverage::{ALL, Coverage};
use crate::storm::Storm;

/// How many seeds are tried by default.
const SEEDS: u64 = 32;
/// Storms are deep.
const STACK: usize = 64 << 20;

/// What a seed came to.
struct Outcome {
    seed: u64,
    findings: Vec<String>,
    schedule: Vec<String>,
    coverage: Coverage,
}

#[test]
fn after_any_storm_the_directory_says_what_okta_does() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (first, last, aloud) = match number("ROLLCALL_SIMULATION_SEED") {
        Some(seed) => (seed, seed, true),
        None => (1, number("ROLLCALL_SIMULATION_SEEDS").unwrap_or(SEEDS), false),
    };
    // Where a bug was planted, the first seed that finds it is enough.
    let until_caught = std::env::var("ROLLCALL_SIMULATION_UNTIL_CAUGHT").is_ok();
    let (next, outcomes) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            let work = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last {
                        return;
                    }
                    let outcome = rage(seed, aloud);
                    if std::env::var("ROLLCALL_SIMULATION_PROGRESS").is_ok() {
                        println!("seed {seed}: {} steps", outcome.schedule.len());
                    }
                    if !outcome.findings.is_empty() {
                        if until_caught {
                            next.store(last + 1, Ordering::Relaxed);
                        }
                        println!("seed {seed}:\n{}\n", outcome.findings.join("\n"));
                    }
                    outcomes.lock().unwrap().push(outcome);
                }
            };
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).unwrap();
        }
    });
    tell(outcomes.into_inner().unwrap(), first == last);
}

/// The storm of one seed, on a runtime of its own whose clock stands still while anybody has something to do.
fn rage(seed: u64, aloud: bool) -> Outcome {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut storm = Box::pin(Storm::of(seed, aloud)).await;
        Box::pin(storm.rage()).await;
        let findings = match storm.observer.findings.is_empty() {
            true => Box::pin(storm.calm()).await,
            false => storm.observer.findings.clone(),
        };
        Outcome { seed, findings, schedule: storm.schedule.lines().to_vec(), coverage: storm.coverage.clone() }
    })
}

fn tell(outcomes: Vec<Outcome>, alone: bool) {
    let mut coverage = Coverage::default();
    outcomes.iter().for_each(|outcome| coverage.add(&outcome.coverage));
    println!("{} seeds\n{}", outcomes.len(), coverage.table());
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.findings.is_empty()).collect();
    if let Some(first) = failed.iter().min_by_key(|outcome| outcome.schedule.len()).filter(|_| !alone) {
        println!("The shortest schedule that fails, of seed {}:\n{}", first.seed, first.schedule.join("\n"));
    }
    let seeds: Vec<u64> = failed.iter().map(|outcome| outcome.seed).collect();
    assert!(failed.is_empty(), "{} of {} seeds fail: {seeds:?}", failed.len(), outcomes.len());
    let missing: Vec<_> = ALL.iter().filter(|what| coverage.of(what) == 0).collect();
    assert!(alone || missing.is_empty(), "these never happened: {missing:?}");
}
