//! Use: who has signed on to which application, and when last.
//!
//! Of each person and application the last sign-on alone is kept, and of two the later. So the order in which events come,
//! and how often each does, makes no difference: reading a page of the log again changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::part::{Kept, Person};
use super::sign_on::SignOn;
use crate::model::{DAY, Time};

/// How far back use is looked at: as far as Okta's log reaches.
pub const WINDOW: Duration = DAY.saturating_mul(90);

/// Sign-ons that were read and are not stored yet: by application, the last of each person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignOns {
    by_app: BTreeMap<String, BTreeMap<String, Time>>,
    len: usize,
}

impl SignOns {
    /// With so many pairs of person and application they should be stored: some 10 MB.
    const MOST: usize = 50_000;

    /// Takes in a sign-on.
    pub fn add(&mut self, sign_on: &SignOn) {
        for app in &sign_on.apps {
            let people = self.by_app.entry(app.clone()).or_default();
            let last = people.entry(sign_on.user.clone()).or_insert_with(|| {
                self.len += 1;
                sign_on.at
            });
            *last = sign_on.at.max(*last);
        }
    }

    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether they should be stored before more are read.
    pub fn is_full(&self) -> bool {
        self.len >= SignOns::MOST
    }

    /// By application, who signed on and when last, in order of id.
    pub fn into_apps(self) -> impl Iterator<Item = (String, Vec<Person<Time>>)> {
        self.by_app.into_iter().map(|(app, people)| (app, people.into_iter().collect()))
    }
}

/// The people of two lists in order of id, each with the later time; whose last sign-on lies before `oldest` is left out.
pub fn merged(one: &[Person<Time>], other: &[Person<Time>], oldest: Time) -> Vec<Person<Time>> {
    let mut people: Vec<Person<Time>> = [one, other].concat();
    // Of the same person the later time comes first, and stays.
    people.sort_unstable_by(|(one, first), (other, second)| one.cmp(other).then(second.cmp(first)));
    people.dedup_by(|(later, _), (kept, _)| later == kept);
    people.retain(|(_, last)| *last >= oldest);
    people
}

/// How an application has been used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    /// When anybody last signed on, however long ago.
    pub last: Option<Time>,
    /// How many people signed on within 7 days.
    pub within_7_days: u64,
    /// Within 30 days.
    pub within_30_days: u64,
    /// Within 90 days.
    pub within_90_days: u64,
}

impl Use {
    /// Counts a person by their last sign-on. Nobody may be counted twice.
    pub fn count(&mut self, last: Time, now: Time) {
        let is_within = |days: u32| u64::from(last >= now.before(DAY * days));
        self.within_7_days += is_within(7);
        self.within_30_days += is_within(30);
        self.within_90_days += is_within(90);
        self.note(last);
    }

    /// Takes note of a sign-on of somebody who is not to be counted.
    pub fn note(&mut self, at: Time) {
        self.last = self.last.max(Some(at));
    }
}

/// To the millisecond, so that windows are exact.
impl Kept for Time {
    fn write(&self, text: &mut String) {
        text.push_str(&format!("{:x}", self.millis().max(0)));
    }

    fn read(text: &str) -> Option<Time> {
        text.bytes()
            .all(|digit| digit.is_ascii_hexdigit())
            .then(|| i64::from_str_radix(text, 16).ok())?
            .map(Time::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;

    use super::*;
    use crate::model::app::part::{belonging, cut, read};

    const LARGEST: usize = 200;
    const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;
    const NOW: i64 = 1_000 * DAY_MILLIS;

    /// The parts of one application, as they are stored: by their first id.
    type Parts = BTreeMap<String, String>;

    /// Stores people into parts, as the directory does.
    fn store(parts: &mut Parts, mut news: &[Person<Time>], oldest: Time) {
        while let Some((last, _)) = news.last() {
            let part = parts.range(..=last.clone()).next_back();
            let (from, stored) = part.map(|(from, text)| (from.clone(), text.clone())).unwrap_or_default();
            let (rest, share) = belonging(news, &from, 5);
            let people = merged(&read(&stored).unwrap(), share, oldest);
            for (place, (people, text)) in cut(&people, LARGEST).into_iter().enumerate() {
                let from = if place == 0 { from.clone() } else { people[0].0.clone() };
                assert!(text.len() <= LARGEST);
                parts.insert(from, text);
            }
            news = rest;
        }
    }

    fn counted(parts: &Parts, now: Time) -> Use {
        let mut found = Use::default();
        let people = parts.values().flat_map(|text| read::<Time>(text).unwrap());
        people.for_each(|(_, last)| found.count(last, now));
        found
    }

    /// What the events come to, told from all of them at once.
    fn brute_force(events: &[SignOn], app: &str, now: Time) -> Use {
        let of_app = || events.iter().filter(|event| event.apps.iter().any(|used| used == app));
        let within = |days: u32| {
            let recent = of_app().filter(|event| event.at >= now.before(DAY * days));
            let people: HashMap<&str, ()> = recent.map(|event| (event.user.as_str(), ())).collect();
            people.len() as u64
        };
        let last = of_app().map(|event| event.at).filter(|at| *at >= now.before(WINDOW)).max();
        Use { last, within_7_days: within(7), within_30_days: within(30), within_90_days: within(90) }
    }

    fn event() -> impl Strategy<Value = SignOn> {
        // Whole days ago as well: the bounds of the windows are met.
        let ago = prop_oneof![(0..100_i64).prop_map(|days| days * DAY_MILLIS), 0..100 * DAY_MILLIS];
        (ago, 0..40, prop::collection::vec(0..3, 1..3)).prop_map(|(ago, user, apps)| SignOn {
            at: Time::from_millis(NOW - ago),
            user: format!("00u{user}"),
            apps: apps.iter().map(|app| format!("0oa{app}")).collect(),
        })
    }

    /// Events in some order, some of them several times, in pages.
    fn pages() -> impl Strategy<Value = (Vec<SignOn>, Vec<Vec<SignOn>>)> {
        let events = prop::collection::vec((event(), 1..3_usize), 0..120);
        events.prop_flat_map(|events| {
            let once: Vec<SignOn> = events.iter().map(|(event, _)| event.clone()).collect();
            let repeated: Vec<SignOn> =
                events.into_iter().flat_map(|(event, times)| std::iter::repeat_n(event, times)).collect();
            let shuffled = Just(repeated).prop_shuffle();
            (Just(once), shuffled, 1..40_usize).prop_map(|(once, shuffled, page)| {
                let pages = shuffled.chunks(page).map(<[SignOn]>::to_vec).collect();
                (once, pages)
            })
        })
    }

    proptest! {
        #[test]
        fn use_is_counted_right_whatever_the_order_the_repetitions_and_the_pages((events, pages) in pages()) {
            let now = Time::from_millis(NOW);
            let mut parts: HashMap<String, Parts> = HashMap::new();
            for (number, page) in pages.iter().enumerate() {
                let mut sign_ons = SignOns::default();
                page.iter().for_each(|event| sign_ons.add(event));
                // Time goes on from page to page, and what is too old is dropped on the way.
                let oldest = Time::from_millis(NOW - 1_000 * (pages.len() - number) as i64).before(WINDOW);
                for (app, people) in sign_ons.into_apps() {
                    store(parts.entry(app).or_default(), &people, oldest);
                }
            }
            for app in ["0oa0", "0oa1", "0oa2"] {
                let mut found = parts.get(app).map(|parts| counted(parts, now)).unwrap_or_default();
                found.last = found.last.filter(|last| *last >= now.before(WINDOW));
                prop_assert_eq!(found, brute_force(&events, app, now), "{}", app);
            }
        }
    }

    #[test]
    fn pairs_are_counted_once_and_the_later_sign_on_stays() {
        let sign_on = |user: &str, millis: i64, apps: &[&str]| SignOn {
            at: Time::from_millis(millis),
            user: user.to_owned(),
            apps: apps.iter().map(|app| (*app).to_owned()).collect(),
        };
        let mut sign_ons = SignOns::default();
        assert!(sign_ons.is_empty());
        for event in
            [sign_on("00u1", 5, &["0oa1"]), sign_on("00u1", 3, &["0oa1", "0oa2"]), sign_on("00u2", 4, &["0oa1"])]
        {
            sign_ons.add(&event);
        }
        assert_eq!((sign_ons.len, sign_ons.is_empty(), sign_ons.is_full()), (3, false, false));
        let person = |user: &str, millis: i64| (user.to_owned(), Time::from_millis(millis));
        let expected = [
            ("0oa1".to_owned(), vec![person("00u1", 5), person("00u2", 4)]),
            ("0oa2".to_owned(), vec![person("00u1", 3)]),
        ];
        assert_eq!(sign_ons.into_apps().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_was_read_fits_into_memory_however_long_the_log() {
        let mut sign_ons = SignOns::default();
        let mut number = 0;
        while !sign_ons.is_full() {
            let apps = vec![format!("0oa{}", number % 7)];
            sign_ons.add(&SignOn { at: Time::from_millis(number), user: format!("00u{}", number % 10_007), apps });
            number += 1;
        }
        assert!(number < 100_000, "{number}");
    }
}
