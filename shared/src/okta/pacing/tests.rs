//! The pace against a small model of Okta's limiter, on a clock that the tests move.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::headers::Reset;
use super::*;
use crate::model::Time;

const SIX_SECONDS: Duration = Duration::from_secs(6);

/// How a limiter cuts time into windows, and writes their ends.
#[derive(Debug, Clone, Copy)]
enum Windows {
    /// The first call after a window's end begins the next; the end is rounded down.
    FromFirstCall,
    /// One after the other, whoever calls; the end is rounded up.
    Fixed,
}

/// Okta's limiter of one bucket.
struct Limiter {
    limit: u64,
    windows: Windows,
    /// Milliseconds since 1970 at the test's beginning: any fraction of a second.
    epoch: i64,
    began: Instant,
    ends: Option<Instant>,
    used: u64,
    arrivals: Vec<Instant>,
    refused: u64,
}

impl Limiter {
    fn new(limit: u64, windows: Windows, epoch: i64) -> Limiter {
        let began = Instant::now();
        // A window has begun some time before, and others have used a little of it.
        let ends = Some(began + Duration::from_millis(37_200));
        Limiter { limit, windows, epoch, began, ends, used: limit / 20, arrivals: Vec::new(), refused: 0 }
    }

    fn time(&self, moment: Instant) -> i64 {
        self.epoch + (moment - self.began).as_millis() as i64
    }

    /// Another client's call.
    fn take(&mut self) -> bool {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let mut ends = self.ends.unwrap_or(now);
        if ends <= now {
            self.used = 0;
            match self.windows {
                Windows::FromFirstCall => ends = now + minute,
                Windows::Fixed => {
                    while ends <= now {
                        ends += minute;
                    }
                }
            }
        }
        self.ends = Some(ends);
        let is_granted = self.used < self.limit;
        self.used += u64::from(is_granted);
        is_granted
    }

    /// A call arrives and is answered.
    fn answer(&mut self) -> (bool, RateHeaders) {
        let now = Instant::now();
        let is_granted = self.take();
        self.arrivals.push(now);
        self.refused += u64::from(!is_granted);
        let end = self.time(self.ends.unwrap());
        let reset = match self.windows {
            Windows::FromFirstCall => end / 1_000,
            Windows::Fixed => (end + 999) / 1_000,
        };
        let headers = RateHeaders {
            limit: Some(self.limit),
            remaining: Some(self.limit - self.used),
            reset: Some(Reset::of(reset, Time::from_millis(self.time(now)))),
        };
        (is_granted, headers)
    }

    /// Most arrivals within any six seconds.
    fn densest(&self) -> usize {
        let mut window = VecDeque::new();
        let mut densest = 0;
        for arrival in &self.arrivals {
            window.push_back(*arrival);
            while *arrival - window[0] >= SIX_SECONDS {
                window.pop_front();
            }
            densest = densest.max(window.len());
        }
        densest
    }
}

/// One bucket and its callers.
struct World {
    pace: Arc<Pace>,
    limiter: Mutex<Limiter>,
    percent: u8,
    /// From the caller to Okta, at least; as long again, and jitter, for the whole way.
    one_way: Duration,
}

impl World {
    fn new(limit: u64, percent: u8, windows: Windows, seed: u64) -> Arc<World> {
        fastrand::seed(seed);
        let pace = Paces::default().pace(PaceKey { host: String::new(), client: [0; 32], bucket: "" });
        let epoch = 1_800_000_000_000 + (seed * 137 % 1_000) as i64;
        let limiter = Mutex::new(Limiter::new(limit, windows, epoch));
        Arc::new(World { pace, limiter, percent, one_way: Duration::from_millis(120) })
    }

    async fn call(&self) {
        let mut flight = self.pace.admit(self.percent, None).await.unwrap();
        sleep(self.one_way + Duration::from_millis(fastrand::u64(0..60))).await;
        let (is_granted, headers) = lock(&self.limiter).answer();
        sleep(self.one_way + Duration::from_millis(fastrand::u64(0..60))).await;
        flight.answered(&headers);
        if !is_granted {
            self.pace.close(headers.reset.unwrap().after + Duration::from_secs(1));
        }
    }

    /// Twelve callers who never pause, for so many minutes.
    async fn run(self: &Arc<World>, minutes: u64) {
        let until = Instant::now() + Duration::from_secs(60 * minutes);
        let callers: Vec<_> = (0..12)
            .map(|_| {
                let world = Arc::clone(self);
                tokio::spawn(async move {
                    while Instant::now() < until {
                        world.call().await;
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
    }
}

/// Runs the bucket for five minutes, and says how many percent of the budget it used.
async fn percent_used(limit: u64, percent: u8, windows: Windows, seed: u64) -> f64 {
    let world = World::new(limit, percent, windows, seed);
    world.run(5).await;
    let limiter = lock(&world.limiter);
    let budget = limit as f64 * f64::from(percent) / 100.0;
    assert_eq!(limiter.refused, 0, "429 at {limit}, {percent} %, {windows:?}, seed {seed}");
    assert!(limiter.densest() as f64 <= budget / 10.0 + 8.0, "{} in six seconds at {limit}", limiter.densest());
    let elapsed = limiter.arrivals.last().unwrap().duration_since(limiter.began);
    limiter.arrivals.len() as f64 / (budget / 60.0 * elapsed.as_secs_f64()) * 100.0
}

#[tokio::test(start_paused = true)]
async fn the_pace_is_kept_without_a_refusal() {
    for windows in [Windows::FromFirstCall, Windows::Fixed] {
        for (limit, percent) in [(600, 100), (600, 80), (300, 100), (1_000, 100), (250, 50)] {
            for seed in 0..3 {
                let used = percent_used(limit, percent, windows, seed).await;
                assert!((97.5..=100.0).contains(&used), "{used} % of {limit}, {percent} %, {windows:?}, {seed}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn small_ceilings_are_kept_too() {
    for windows in [Windows::FromFirstCall, Windows::Fixed] {
        for (limit, percent) in [(50, 100), (20, 100), (10, 100), (10, 80), (3, 100), (1, 100)] {
            for seed in 0..4 {
                let used = percent_used(limit, percent, windows, seed).await;
                assert!(used >= 97.0, "{used} % of {limit}, {percent} %, {windows:?}, {seed}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_client_of_the_ceiling_is_let_past() {
    let world = World::new(600, 100, Windows::Fixed, 3);
    let other = Arc::clone(&world);
    let other = tokio::spawn(async move {
        loop {
            // Five a second, and it does not mind a refusal.
            sleep(Duration::from_millis(fastrand::u64(0..400))).await;
            lock(&other.limiter).take();
        }
    });
    world.run(10).await;
    other.abort();
    let limiter = lock(&world.limiter);
    assert_eq!(limiter.refused, 0);
    assert!(limiter.arrivals.len() > 2_700, "{} calls were left to us", limiter.arrivals.len());
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_no_more_than_a_burst_goes() {
    let world = World::new(600, 80, Windows::FromFirstCall, 1);
    for _ in 0..20 {
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.call().await })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        sleep(Duration::from_secs(fastrand::u64(0..40))).await;
    }
    let limiter = lock(&world.limiter);
    assert_eq!(limiter.refused, 0);
    assert!(limiter.densest() <= 56, "{}", limiter.densest());
}

#[tokio::test(start_paused = true)]
async fn the_first_call_of_an_unknown_bucket_goes_alone() {
    let world = World::new(600, 100, Windows::Fixed, 0);
    let mut first = world.pace.admit(100, None).await.unwrap();
    let soon = Some(Instant::now() + Duration::from_secs(5));
    assert!(world.pace.admit(100, soon).await.is_none(), "a second call went before the first was answered");
    let (_, headers) = lock(&world.limiter).answer();
    first.answered(&headers);
    assert!(world.pace.admit(100, Some(Instant::now() + Duration::from_secs(1))).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn without_headers_calls_go_one_by_one() {
    let world = World::new(600, 100, Windows::Fixed, 0);
    let began = Instant::now();
    for _ in 0..20 {
        let mut flight = world.pace.admit(100, None).await.unwrap();
        flight.answered(&RateHeaders::default());
    }
    assert!((2..6).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(world.pace.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_is_given_up_at_once() {
    let world = World::new(600, 100, Windows::Fixed, 0);
    world.call().await;
    world.pace.close(Duration::from_secs(30));
    let before = Instant::now();
    assert!(world.pace.admit(100, Some(before + Duration::from_secs(20))).await.is_none());
    assert_eq!(before.elapsed(), Duration::ZERO);
    // Somebody with time waits in front; whoever has none does not queue behind.
    let patient = Arc::clone(&world);
    let patient = tokio::spawn(async move { patient.call().await });
    tokio::task::yield_now().await;
    assert!(world.pace.admit(100, Some(before + Duration::from_secs(20))).await.is_none());
    assert_eq!(before.elapsed(), Duration::ZERO);
    drop(world.pace.admit(100, Some(before + Duration::from_secs(40))).await.unwrap());
    assert!((30..32).contains(&before.elapsed().as_secs()));
    patient.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_header_divides_by_zero_or_stops_for_ever() {
    let reset = |at| Some(Reset::of(at, Time::from_millis(1_000_000)));
    for headers in [
        RateHeaders { limit: Some(0), remaining: Some(0), reset: reset(1_030) },
        RateHeaders { limit: Some(600), remaining: Some(0), reset: reset(17) },
        RateHeaders { limit: Some(600), remaining: Some(0), reset: None },
        RateHeaders { limit: Some(600), remaining: None, reset: reset(1_030) },
        RateHeaders { limit: Some(1), remaining: Some(5_000), reset: reset(i64::MAX) },
        RateHeaders { limit: Some(u64::MAX), remaining: Some(u64::MAX), reset: reset(i64::MIN) },
    ] {
        let world = World::new(600, 100, Windows::Fixed, 0);
        let began = Instant::now();
        for _ in 0..3 {
            world.pace.admit(100, None).await.unwrap().answered(&headers);
            world.pace.left();
        }
        assert!(began.elapsed() < Duration::from_secs(190), "{headers:?}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_org_has_few_calls_under_way_and_fewer_after_its_limit() {
    let paces = Paces::default();
    let org = paces.org("https://acme.okta.com");
    let now = Instant::now();
    let entered = |moment| std::iter::repeat_with(|| org.enter(moment)).take(20).filter(|entered| *entered).count();
    assert_eq!(entered(now), 8);
    (0..8).for_each(|_| org.leave());
    org.slow_down(now);
    assert_eq!(entered(now), 4);
    assert_eq!(entered(now + Duration::from_secs(61)), 4, "four more");
}

#[tokio::test(start_paused = true)]
async fn calls_left_are_those_of_the_budget() {
    let world = World::new(600, 50, Windows::Fixed, 0);
    assert_eq!(world.pace.left(), 0, "nothing is known");
    world.call().await;
    assert_eq!(world.pace.left(), 600 - 30 - 1 - 300);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(world.pace.left(), 300);
}
