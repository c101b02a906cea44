//! Run ids: a process draws one at random when it asks for a lease, and takes the one that the answer has. So the gate puts
//! another one in its place, which the seed gives: what depends on a run's id is the same in every replay.

use std::collections::{HashMap, HashSet};

use fastrand::Rng;
use test_support::wire::{Call, Message};

use crate::label::is_ulid;

/// Letters of an id that are its time.
const TIME: usize = 10;

/// The ids that the seed has given.
pub(crate) struct RunIds {
    rng: Rng,
    given: HashSet<String>,
    /// What was given for an id that was drawn: a call may be sent again.
    instead: HashMap<String, String>,
}

impl RunIds {
    pub(crate) fn of(seed: u64) -> RunIds {
        RunIds { rng: Rng::with_seed(seed), given: HashSet::new(), instead: HashMap::new() }
    }

    /// Puts the seed's id in the place of the one drawn, in a request for a lease.
    pub(crate) fn replace(&mut self, request: &mut Message, call: &Call) {
        if !call.items.iter().any(|(_, sk)| sk.starts_with("lease#")) {
            return;
        }
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let mut ids: HashMap<&str, u32> = HashMap::new();
        body.split('"').filter(|word| is_ulid(word)).for_each(|word| *ids.entry(word).or_default() += 1);
        // The holder's own id stands there several times, the new run's once. A renewal has no run.
        let drawn = ids.iter().find(|(id, count)| **count == 1 && !self.given.contains(**id)).map(|(id, _)| *id);
        let Some(drawn) = drawn.filter(|_| ids.len() > 1) else { return };
        let given = match self.instead.get(drawn) {
            Some(given) => given.clone(),
            None => self.draw(drawn),
        };
        let body = body.replace(drawn, &given);
        request.bytes.truncate(request.head.len());
        request.bytes.extend(body.into_bytes());
    }

    fn draw(&mut self, drawn: &str) -> String {
        let letters = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        // A later one comes after, as with those that have the time in front.
        let ordered = format!("{:0TIME$}", self.given.len());
        let random = (TIME..drawn.len()).map(|_| char::from(letters[self.rng.usize(..letters.len())]));
        let given: String = ordered.chars().chain(random).collect();
        self.given.insert(given.clone());
        self.instead.insert(drawn.to_owned(), given.clone());
        given
    }
}
