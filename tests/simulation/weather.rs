//! The weather: what a seed's storm is like before it begins.

use std::time::Duration;

use fastrand::Rng;
use rollcall_shared::config::Tuning;

/// What a storm is like.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// People in the org at the beginning.
    pub(crate) people: usize,
    /// Changes of the org.
    pub(crate) changes: usize,
    /// Processes that there may be at once.
    pub(crate) processes: usize,
    /// Of a thousand calls, so many do not simply go through.
    pub(crate) trouble: u32,
    /// Processes that die, at most.
    pub(crate) deaths: u64,
    /// Of a thousand steps, at so many one does.
    pub(crate) danger: u32,
    /// Of a thousand steps, at so many the org changes.
    pub(crate) busy: u32,
    /// The mappings of the connection.
    pub(crate) mappings: Vec<&'static str>,
    /// The guard's number.
    pub(crate) max_deactivations: u64,
    /// Whether the role of the credential is lost now and then.
    pub(crate) loses_role: bool,
    /// How far Okta's search runs behind at most.
    pub(crate) index_lag: Duration,
    /// How far Okta's log runs behind at most.
    pub(crate) log_delay: Duration,
    /// How many seconds Okta's clock is off.
    pub(crate) okta_skew: i64,
    /// How many milliseconds the clock of each process is off.
    pub(crate) skews: Vec<i64>,
    /// The largest page of Okta's.
    pub(crate) page: usize,
    /// Sizes of the work.
    pub(crate) tuning: Tuning,
    /// How long an invocation may take, if something ends it.
    pub(crate) invocation: Option<Duration>,
}

impl Weather {
    /// That of a seed.
    pub(crate) fn draw(rng: &mut Rng) -> Weather {
        let mappings = match rng.u8(0..8) {
            0 => vec![crate::deployment::LOGINS],
            1..4 => vec![crate::deployment::PEOPLE, crate::deployment::LOGINS],
            4..6 => vec![crate::deployment::LOGINS, crate::deployment::CUSTODIANS],
            6 => vec![crate::deployment::PEOPLE, crate::deployment::CUSTODIANS],
            _ => vec![crate::deployment::PEOPLE, crate::deployment::CUSTODIANS, crate::deployment::LOGINS],
        };
        let processes = rng.usize(3..5);
        let is_skewed = rng.u8(0..3) == 0;
        Weather {
            people: rng.usize(40..47),
            changes: rng.usize(60..75),
            processes,
            trouble: [5, 20, 60, 120][rng.usize(0..4)],
            deaths: rng.u64(2..8),
            danger: [4, 8][rng.usize(0..2)],
            busy: [40, 80, 120][rng.usize(0..3)],
            mappings,
            max_deactivations: [2, 5, 20, 60][rng.usize(0..4)],
            loses_role: rng.u8(0..3) == 0,
            index_lag: Duration::from_secs([0, 5, 60, 600][rng.usize(0..4)]),
            log_delay: Duration::from_secs([0, 30, 500][rng.usize(0..3)]),
            okta_skew: if rng.bool() { 0 } else { rng.i64(-7_200..7_200) },
            skews: (0..processes).map(|_| if is_skewed { rng.i64(-90_000..90_000) } else { 0 }).collect(),
            page: rng.usize(5..12),
            tuning: Tuning {
                readers: rng.usize(1..4),
                pages_before_split: 2,
                pages_before_sweep: rng.u32(3..8),
                pages_per_checkpoint: rng.u64(1..3),
                checkpoint_every: Duration::from_secs(2),
            },
            invocation: (rng.u8(0..3) == 0).then(|| Duration::from_secs(rng.u64(2..20))),
        }
    }
}
