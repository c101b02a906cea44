//! The wire between the product and what it calls, which a test can cut.
//!
//! A [`Wire`] numbers the calls that have an effect outside: everything that is asked of Okta, and what is written to
//! DynamoDB. (A process that dies at a read of its own state leaves the same behind as one that dies at its next
//! effect.) Several proxies share it, so one number counts both.

mod http;
mod proxy;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

pub use http::{Call, Message};
pub use proxy::{Proxy, failed, throttled};

/// What stands between a world's handlers and everything that they call; clones share it.
#[derive(Clone, Default)]
pub struct Wire {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    cut: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct State {
    /// Calls seen since the wire was last mended.
    number: u64,
    cut: Option<Cut>,
    noise: Option<Noise>,
    writes: Vec<(String, String)>,
}

/// The moment at which the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The number of the call, the first is 1.
    pub at: u64,
    /// Whether the call still has its effect.
    pub when: When,
}

/// Which side of a call's effect the wire is cut on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The call never arrives.
    BeforeItsEffect,
    /// The call is carried out, and nobody hears of it.
    AfterItsEffect,
}

/// Trouble at random, by seed: so many of a hundred calls fail.
#[derive(Debug, Clone)]
pub struct Noise {
    random: fastrand::Rng,
    percent: u8,
}

impl Noise {
    /// Trouble for so many of a hundred calls to DynamoDB.
    pub fn new(seed: u64, percent: u8) -> Noise {
        Noise { random: fastrand::Rng::with_seed(seed), percent }
    }

    fn fate(&mut self) -> Fate {
        let fates = [Fate::Throttled, Fate::Failed, Fate::Broken, Fate::BrokenAfter];
        match self.random.u8(0..100) < self.percent {
            true => self.random.choice(fates).unwrap_or(Fate::Through),
            false => Fate::Through,
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes through.
    Through,
    /// Nobody ever answers, and it never arrives.
    Parked,
    /// Nobody ever answers, but it arrives.
    Unheard,
    /// DynamoDB asks to slow down.
    Throttled,
    /// DynamoDB fails.
    Failed,
    /// The connection breaks before the call arrives.
    Broken,
    /// The connection breaks after the call had its effect.
    BrokenAfter,
}

impl Wire {
    /// Cuts the wire at a call from now on: from then on nothing goes through, as if the process had died.
    fn cut(&self, cut: Cut) {
        let mut state = self.state();
        (state.number, state.cut) = (0, Some(cut));
        self.shared.cut.send_replace(None);
    }

    /// Mends the wire and counts from the beginning.
    pub fn mend(&self) {
        *self.state() = State::default();
        self.shared.cut.send_replace(None);
    }

    /// Lets a process run until it dies at a call, and mends the wire behind it. Says at which call; or nothing, where the
    /// process came to its end before.
    pub async fn kill<T: Send + 'static>(
        &self,
        cut: Cut,
        process: impl Future<Output = T> + Send + 'static,
    ) -> Option<String> {
        self.cut(cut);
        let mut running = tokio::spawn(process);
        let call = tokio::select! {
            call = self.is_cut() => Some(call),
            ended = &mut running => ended.map(|_| None).expect("a process panics nowhere"),
        };
        if call.is_some() {
            running.abort();
            // Whatever it was about to do.
            drop(running.await);
        }
        self.mend();
        call
    }

    /// Troubles calls to DynamoDB from now on.
    pub fn trouble(&self, noise: Noise) {
        self.state().noise = Some(noise);
    }

    /// Waits until the wire is cut, and says at which call.
    async fn is_cut(&self) -> String {
        let mut cut = self.shared.cut.subscribe();
        let seen = cut.wait_for(Option::is_some).await.expect("the wire outlives who waits for it");
        seen.clone().unwrap_or_default()
    }

    /// How many calls there were since the wire was mended.
    pub fn calls(&self) -> u64 {
        self.state().number
    }

    /// The keys of the items that were written since the wire was mended, in order.
    pub fn writes(&self) -> Vec<(String, String)> {
        self.state().writes.clone()
    }

    /// Decides on a call.
    fn fate(&self, call: &http::Call) -> Fate {
        let mut state = self.state();
        if state.cut.is_some() && self.shared.cut.borrow().is_some() {
            return Fate::Parked;
        }
        if call.has_effect {
            state.number += 1;
            state.writes.extend(call.items.iter().cloned());
        }
        if let Some(cut) = state.cut
            && call.has_effect
            && state.number == cut.at
        {
            self.shared.cut.send_replace(Some(call.what.clone()));
            return match cut.when {
                When::BeforeItsEffect => Fate::Parked,
                When::AfterItsEffect => Fate::Unheard,
            };
        }
        match &mut state.noise {
            Some(noise) if call.is_dynamodb => noise.fate(),
            Some(_) | None => Fate::Through,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
