//! How a simulated org behaves, apart from what is in it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

/// The behaviour of a [`crate::Sim`]; take `Options::default()` and change what matters.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long every answer takes, on top of the work itself.
    pub latency: Duration,
    /// The ceiling of every bucket for a window, as stated in `x-rate-limit-limit`.
    pub limit_per_minute: u32,
    /// Ceilings of single buckets instead, such as `/api/v1/apps`, which is small in every org.
    pub bucket_limits: BTreeMap<String, u32>,
    /// The length of a rate window. The reset header stays in whole epoch seconds, rounded up.
    pub window: Duration,
    /// How many requests may be in flight; one more is answered 429 with limit 0 and remaining 0.
    pub max_concurrent: usize,
    /// No page of any list is larger, whatever `limit` asks for.
    pub page_size_cap: usize,
    /// `search` sees the people, and lists show the devices, as they were so long ago; `filter` and reads by id are live.
    pub index_lag: Duration,
    /// An event shows in the system log so long after it was published.
    pub log_delay: Duration,
    /// The org's clock less ours: it shows in `Date`, in the rate reset and in every time of an object.
    pub clock_skew: SignedDuration,
    /// How long a paging cursor lives; afterwards it is answered 400. `None` is for ever.
    pub cursor_life: Option<Duration>,
    /// The API token that the org accepts.
    pub token: String,
    /// The port to bind on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// What `Link` headers and `_links` begin with instead of [`crate::Sim::url`]: Okta answers on
    /// several hosts of an org and names another one in its links.
    pub link_base: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            limit_per_minute: 600,
            bucket_limits: BTreeMap::new(),
            window: Duration::from_secs(60),
            max_concurrent: 75,
            page_size_cap: 200,
            index_lag: Duration::ZERO,
            log_delay: Duration::ZERO,
            clock_skew: SignedDuration::ZERO,
            cursor_life: None,
            token: "sim-token".to_owned(),
            port: 0,
            link_base: None,
        }
    }
}
