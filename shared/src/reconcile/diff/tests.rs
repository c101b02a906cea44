//! The promises of a diff: a table of every pair of current and desired, and what holds for all observations.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::{FRESH, Observation, Source, Verdict, absent, outcome_of_nothing_to_write, reconcile};
use crate::model::{
    Change, Content, Current, Desired, LastWrite, ObjectKind, Outcome, Reason, Rejection, RejectionReason, Scope,
    Standing, Time,
};
use crate::report::Counts;

const RUN: &str = "run-2";

fn second(second: i64) -> Time {
    Time::from_millis(1_800_000_000_000 + second * 1_000)
}

fn content(department: &str) -> Content {
    let fields = Map::from_iter([("department".to_owned(), json!(department))]);
    Content { identifier: "ada".to_owned(), claim: None, rejoin: None, role: None, fields, manager: None }
}

/// What Okta says at some moment, under a mapping that may leave the person out, or fail.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    updated: i64,
    status: &'static str,
    maps: Maps,
}

/// What the mapping makes of the person.
#[derive(Debug, Clone, PartialEq)]
enum Maps {
    To(&'static str),
    Excluded,
    Rejected,
}

impl Said {
    fn desired(&self) -> Desired {
        let content = match self.maps {
            Maps::To(department) => Some(content(department)),
            Maps::Excluded | Maps::Rejected => None,
        };
        Desired {
            id: "00u1".to_owned(),
            okta_status: self.status.to_owned(),
            source_created: second(-1_000_000),
            source_updated: second(self.updated),
            standing: ObjectKind::User.standing_of(self.status),
            content,
            scope: Scope::OfObject,
        }
    }

    fn verdict(&self, source: Source, current: Option<&Current>, now: Time) -> Verdict {
        let rejection = Rejection {
            reason: RejectionReason::MissingRequired,
            message: "a field is missing".to_owned(),
            identifier: None,
        };
        let rejection = (self.maps == Maps::Rejected).then_some(&rejection);
        reconcile(Observation { desired: &self.desired(), rejection, source }, current, now)
    }
}

fn record(standing: Standing) -> Current {
    Current {
        revision: 3,
        digest: content("Sales").digest(),
        standing,
        okta_status: "ACTIVE".to_owned(),
        source_updated: second(0),
        claim: None,
        rejoin: None,
        superseded_by: None,
        created_by: "run-1".to_owned(),
        last_write: LastWrite { run: "run-1".to_owned(), outcome: Outcome::Created },
    }
}

/// The write as the directory carries it out; `None` when somebody else wrote since.
fn write(current: Option<&Current>, change: &Change) -> Option<Current> {
    if change.expected != current.map(|current| current.revision) {
        return None;
    }
    let old = current.cloned().unwrap_or_else(|| Current { revision: 0, created_by: RUN.to_owned(), ..record(None) });
    let observed = change.observed.clone();
    Some(Current {
        revision: old.revision + 1,
        digest: change.content.as_ref().map_or(old.digest, Content::digest),
        standing: change.standing,
        okta_status: observed.as_ref().map_or(old.okta_status, |observed| observed.okta_status.clone()),
        source_updated: observed.map_or(old.source_updated, |observed| observed.source_updated),
        claim: change.content.as_ref().map_or(old.claim, |content| content.claim.clone()),
        rejoin: None,
        superseded_by: None,
        created_by: old.created_by,
        last_write: LastWrite { run: RUN.to_owned(), outcome: change.outcome },
    })
}

/// Takes an observation to its end, as the line does: what cannot be ordered is read again. Gives the bucket, too.
fn observe(said: &Said, live: &Said, current: Option<Current>, now: Time) -> (Option<Current>, Outcome) {
    let verdict = match said.verdict(Source::Listed, current.as_ref(), now) {
        Verdict::ReadAgain => live.verdict(Source::ReadById, current.as_ref(), now),
        verdict => verdict,
    };
    let nothing = |outcome| outcome_of_nothing_to_write(outcome, current.as_ref(), RUN);
    match verdict {
        Verdict::Write(change) | Verdict::Deactivate(change) => {
            let written = write(current.as_ref(), &change).expect("nobody else writes");
            (Some(written), change.outcome)
        }
        Verdict::Unchanged => (current.clone(), nothing(Outcome::Unchanged)),
        Verdict::Excluded => (current.clone(), nothing(Outcome::Excluded)),
        Verdict::Stale => (current.clone(), nothing(Outcome::Stale)),
        Verdict::Rejected | Verdict::Superseded => (current, Outcome::Unsynced),
        Verdict::ReadAgain => panic!("a read by id is not read again"),
    }
}

/// C created, U updated, D deactivated (the guard is asked), R reactivated, = unchanged, x excluded, ! rejected.
fn letter(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Unchanged => '=',
        Verdict::Excluded => 'x',
        Verdict::Stale => '<',
        Verdict::Rejected => '!',
        Verdict::Superseded => '^',
        Verdict::ReadAgain => '?',
        Verdict::Deactivate(_) => 'D',
        Verdict::Write(change) => match change.outcome {
            Outcome::Created => 'C',
            Outcome::Updated => 'U',
            Outcome::Reactivated => 'R',
            other => panic!("a write is not {other:?}"),
        },
    }
}

#[test]
fn an_earlier_account_stays_out_of_the_way_and_is_reported_when_it_comes_back_to_life() {
    let left = Current { superseded_by: Some("00u2".to_owned()), ..record(Some(Reason::Deactivated)) };
    let cases = [("DEPROVISIONED", 'x'), ("ACTIVE", '^'), ("SUSPENDED", '^'), ("STAGED", '^')];
    for (status, expected) in cases {
        for source in [Source::Listed, Source::ReadById] {
            let said = Said { updated: 5, status, maps: Maps::To("Sales") };
            assert_eq!(letter(&said.verdict(source, Some(&left), second(9_999))), expected, "{status}");
        }
    }
}

#[test]
fn every_pair_of_current_and_desired() {
    let maps = [Maps::To("Sales"), Maps::Excluded, Maps::Rejected];
    // Each row: admitted, left out, rejected; in each, the statuses in the order of this list.
    let statuses = ["ACTIVE", "SUSPENDED", "STAGED", "DEPROVISIONED"];
    let rows: [(Option<Standing>, &str); 8] = [
        (None, "CCCC xxxx !!!!"),
        (Some(None), "UDDD DDDD !DDD"),
        (Some(Some(Reason::Deleted)), "RUUU UUUU !!!!"),
        (Some(Some(Reason::Missing)), "RUUU UUUU !!!!"),
        (Some(Some(Reason::Deactivated)), "RUUU UUUU !!!!"),
        (Some(Some(Reason::Suspended)), "RUUU UUUU !!!!"),
        (Some(Some(Reason::Pending)), "RUUU UUUU !!!!"),
        (Some(Some(Reason::OutOfScope)), "RUUU UUUU !!!!"),
    ];
    for (standing, expected) in rows {
        let current = standing.map(record);
        let verdicts = maps.clone().map(|maps| {
            let said = |status| Said { updated: 10, status, maps: maps.clone() };
            let verdict = |status| said(status).verdict(Source::ReadById, current.as_ref(), second(100_000));
            statuses.iter().map(|status| letter(&verdict(status))).collect::<String>()
        });
        assert_eq!(verdicts.join(" "), expected, "{standing:?}");
    }
}

#[test]
fn who_is_left_out_and_stands_so_already_is_written_once_for_each_change_in_okta() {
    let cases =
        [("ACTIVE", Reason::OutOfScope), ("SUSPENDED", Reason::Suspended), ("DEPROVISIONED", Reason::Deactivated)];
    for (status, reason) in cases {
        let verdict = |updated| {
            let said = Said { updated, status, maps: Maps::Excluded };
            letter(&said.verdict(Source::ReadById, Some(&record(Some(reason))), second(100_000)))
        };
        assert_eq!((verdict(0), verdict(10)), ('x', 'U'), "{status}");
    }
}

#[test]
fn what_is_gone_for_a_reason_stays_as_it_is_or_is_written() {
    for (standing, reason, expected) in [
        (None, Reason::Deleted, 'D'),
        (None, Reason::Missing, 'D'),
        (Some(Reason::Suspended), Reason::Deleted, 'U'),
        (Some(Reason::Missing), Reason::Deleted, 'U'),
        (Some(Reason::Deleted), Reason::Deleted, '='),
    ] {
        let verdict = absent("00u1", second(0), &record(standing), reason);
        assert_eq!(letter(&verdict), expected, "{standing:?} {reason:?}");
    }
}

#[test]
fn a_page_read_before_a_deletion_and_written_after_it_brings_nobody_back() {
    let before = record(None);
    let said = Said { updated: 50, status: "ACTIVE", maps: Maps::To("Legal") };
    let Verdict::Write(late) = said.verdict(Source::Listed, Some(&before), second(60)) else { panic!() };
    let Verdict::Deactivate(deletion) = absent("00u1", second(0), &before, Reason::Deleted) else { panic!() };
    let deleted = write(Some(&before), &deletion).expect("the deletion is written");
    assert_eq!(write(Some(&deleted), &late), None, "the late write finds another revision");
    assert_eq!(said.verdict(Source::Listed, Some(&deleted), second(100_000)), Verdict::ReadAgain);
}

fn maps() -> impl Strategy<Value = Maps> {
    prop_oneof![
        4 => prop::sample::select(vec!["Sales", "Legal", "Finance"]).prop_map(Maps::To),
        1 => Just(Maps::Excluded),
        1 => Just(Maps::Rejected),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let status = prop::sample::select(vec!["ACTIVE", "SUSPENDED", "STAGED", "DEPROVISIONED", "LOCKED_OUT", "NEW"]);
    (-20..20_i64, status, maps()).prop_map(|(updated, status, maps)| Said { updated, status, maps })
}

fn current() -> impl Strategy<Value = Option<Current>> {
    use Reason::{Deactivated, Deleted, Missing, OutOfScope, Pending, Suspended};
    let standings = [Deleted, Missing, Deactivated, Suspended, Pending, OutOfScope];
    prop::option::of(prop::option::of(prop::sample::select(standings.to_vec())).prop_map(record))
}

/// Okta's clock, close to the observations or long after them.
fn now() -> impl Strategy<Value = Time> {
    prop::sample::select(vec![second(30), second(30 + 2 * FRESH.as_secs() as i64)])
}

proptest! {
    #[test]
    fn a_replay_writes_nothing(said in said(), current in current(), now in now()) {
        let (after, outcome) = observe(&said, &said, current, now);
        let (again, replayed) = observe(&said, &said, after.clone(), now);
        prop_assert_eq!(&again, &after);
        // What the run wrote itself is counted as it was the first time.
        let wrote = after.as_ref().is_some_and(|after| after.last_write.run == RUN);
        prop_assert!(!wrote || outcome == replayed || replayed == Outcome::Unsynced, "{:?} {:?}", outcome, replayed);
    }

    #[test]
    fn the_order_of_two_observations_does_not_matter(one in said(), other in said(), standing in current()) {
        // Okta goes on from one to the other: what it says last is what a read by id answers.
        let (older, live) = if one.updated <= other.updated { (one, other) } else { (other, one) };
        let now = second(30);
        let start = Some(standing.unwrap_or_else(|| record(None)));
        let forth = observe(&live, &live, observe(&older, &live, start.clone(), now).0, now).0.map(essence);
        let back = observe(&older, &live, observe(&live, &live, start, now).0, now).0.map(essence);
        match live.maps {
            Maps::To(_) => prop_assert_eq!(forth, back),
            // Of who is left out only that is kept up to date; of who cannot be mapped nothing is.
            Maps::Excluded => prop_assert_eq!(forth.map(|forth| forth.0), back.map(|back| back.0)),
            Maps::Rejected => {}
        }
    }

    #[test]
    fn a_listing_never_brings_back_who_is_gone(said in said(), now in now()) {
        for reason in [Reason::Deleted, Reason::Missing] {
            prop_assert_eq!(said.verdict(Source::Listed, Some(&record(Some(reason))), now), Verdict::ReadAgain);
        }
    }

    #[test]
    fn an_older_observation_never_wins(said in said(), current in current(), now in now()) {
        if let Some(current) = current.filter(|current| second(said.updated) < current.source_updated) {
            let verdict = said.verdict(Source::ReadById, Some(&current), now);
            prop_assert_eq!(verdict, Verdict::Stale);
        }
    }

    #[test]
    fn a_change_within_the_lists_lag_is_decided_by_a_read_of_the_object(said in said(), current in current()) {
        let Some(current) = current else { return Ok(()) };
        let said = Said { updated: 0, ..said };
        let verdict = said.verdict(Source::Listed, Some(&current), second(30));
        prop_assert!(!matches!(verdict, Verdict::Write(_) | Verdict::Deactivate(_)), "{:?}", verdict);
    }

    #[test]
    fn every_observation_lands_in_one_bucket(all in prop::collection::vec((said(), current()), 0..20), now in now()) {
        let mut counts = Counts::default();
        all.iter().for_each(|(said, current)| counts.add(observe(said, said, current.clone(), now).1));
        prop_assert!(counts.add_up());
        prop_assert_eq!(counts.read, all.len() as u64);
    }
}

/// What a reader sees of a record, without how often it was written.
fn essence(current: Current) -> (Standing, String, Time, String) {
    (current.standing, current.okta_status, current.source_updated, current.digest)
}
