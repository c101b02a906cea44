//! Identifiers: one record for each, whoever changes theirs, shares one, leaves, or is hired again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, NewUser};
use rollcall_shared::handlers::adopt::{Adoption, Person, adopt};
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::model::{Claim, Reason, Record, RejectionReason, State};
use rollcall_shared::report::RunState;
use test_support::world::{PEOPLE, Setup, World, assert_adds_up, counts, logins};

const HOUR: Duration = Duration::from_secs(3_600);

/// An org whose people are told apart by mail address, which people may share.
async fn by_mail(people: usize) -> World {
    let mut world = World::new(Setup { people, max_deactivations: 100, ..Setup::default() }).await;
    world
        .reconnect(|document| {
            document["mappings"][0]["identifier"] = "profile.email".into();
            document["mappings"].as_array_mut().expect("a list").truncate(1);
        })
        .await;
    world
}

fn create(world: &World, first: &str, mail: &str) -> String {
    world.sim.with(|org| org.create(NewUser::new(first, "Byron", mail).department("Sales")))
}

async fn synced(world: &World) {
    world.later(HOUR);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    for (mapping, counts) in &report.mappings {
        assert!(counts.add_up(), "{mapping}: {counts:?}");
    }
}

async fn people(world: &World) -> BTreeMap<String, Record> {
    world.records(PEOPLE).await
}

/// Why people are unsynced, by id.
async fn unsynced(world: &World) -> BTreeMap<String, RejectionReason> {
    world.unsynced().await.into_iter().map(|row| (row.id, row.reason)).collect()
}

#[tokio::test]
async fn two_people_swap_their_identifiers_in_one_sync() {
    let world = World::of(20).await;
    synced(&world).await;
    let (one, other) = (world.active()[0].clone(), world.active()[1].clone());
    world.sim.with(|org| {
        let logins = [&one, &other].map(|id| org.user(id).expect("is there").login());
        org.set_login(&one, "between@acme.example");
        org.set_login(&other, &logins[0]);
        org.set_login(&one, &logins[1]);
    });
    synced(&world).await;
    assert!(world.unsynced().await.is_empty());
    world.assert_true().await;
}

#[tokio::test]
async fn two_swap_of_whom_one_is_suspended_meanwhile() {
    let world = World::of(20).await;
    synced(&world).await;
    let (one, other) = (world.active()[0].clone(), world.active()[1].clone());
    world.sim.with(|org| {
        let logins = [&one, &other].map(|id| org.user(id).expect("is there").login());
        assert!(org.set_login(&one, "between@acme.example") && org.set_login(&other, &logins[0]));
        assert!(org.set_login(&one, &logins[1]) && org.suspend(&one));
    });
    let report = world.delta().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
    world.assert_true().await;
}

#[tokio::test]
async fn two_swap_who_are_both_suspended_before_anybody_looks() {
    let world = World::of(20).await;
    synced(&world).await;
    let (one, other) = (world.active()[0].clone(), world.active()[1].clone());
    world.sim.with(|org| {
        let logins = [&one, &other].map(|id| org.user(id).expect("is there").login());
        assert!(org.set_login(&one, "between@acme.example") && org.set_login(&other, &logins[0]));
        assert!(org.set_login(&one, &logins[1]) && org.suspend(&one) && org.suspend(&other));
    });
    let report = world.delta().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
    world.assert_true().await;
}

#[tokio::test]
async fn who_is_out_of_scope_gives_up_an_identifier_that_is_somebody_elses_by_now() {
    for is_known in [true, false] {
        let mut world = World::of(20).await;
        let (one, other) = (world.active()[0].clone(), world.active()[1].clone());
        let mail = |id: &str| world.sim.with(|org| org.user(id).expect("is there").text("email").expect("has one"));
        let mails = [mail(&one), mail(&other)];
        let users = world.group("Users", &[one.clone(), other.clone()]);
        world.group("Admins", &[]);
        world.reconnect(|document| document["mappings"].as_array_mut().expect("a list").push(logins())).await;
        synced(&world).await;
        world.sim.with(|org| assert!(org.remove_from_group(&one, &users)));
        if is_known {
            // Their record is out of scope already when they swap.
            synced(&world).await;
        }
        world.sim.with(|org| {
            assert!(org.set_profile(&one, "email", mails[1].as_str()));
            assert!(org.set_profile(&other, "email", mails[0].as_str()));
        });
        world.later(HOUR);
        let report = world.delta().await;
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
        assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
        world.assert_true().await;
    }
}

#[tokio::test]
async fn a_deactivated_account_that_is_called_otherwise_by_now_is_nobodys_earlier_one() {
    let world = World::of(20).await;
    synced(&world).await;
    let left = world.active()[0].clone();
    let login = world.sim.with(|org| org.user(&left).expect("is there").login());
    world.sim.with(|org| assert!(org.deactivate(&left)));
    synced(&world).await;
    // Another person gets the login, in the same moment in which the old account is called something else.
    let new = world.sim.with(|org| {
        assert!(org.set_login(&left, "gone.away@acme.example"));
        org.create(NewUser::new("Ida", "Byron", &login))
    });
    world.later(HOUR);
    let report = world.delta().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    world.assert_true().await;
    let records = people(&world).await;
    assert_eq!((records[&new].previous_ids.len(), &*records[&left].identifier), (0, "gone.away@acme.example"));
    world.sim.with(|org| assert!(org.reactivate(&left)));
    synced(&world).await;
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
    world.assert_true().await;
}

#[tokio::test]
async fn a_chain_of_renames_ends_right_in_one_sync() {
    let world = World::of(30).await;
    synced(&world).await;
    let chain: Vec<String> = world.active()[..8].to_vec();
    world.sim.with(|org| {
        let logins: Vec<String> = chain.iter().map(|id| org.user(id).expect("is there").login()).collect();
        chain.iter().for_each(|id| assert!(org.set_login(id, &format!("{id}@moving.example"))));
        chain.iter().zip(logins.iter().cycle().skip(1)).for_each(|(id, login)| assert!(org.set_login(id, login)));
    });
    synced(&world).await;
    assert!(world.unsynced().await.is_empty());
    world.assert_true().await;
}

#[tokio::test]
async fn a_chain_that_waits_for_somebody_deleted_moves_on_in_one_run() {
    let world = World::of(20).await;
    synced(&world).await;
    let [gone, second, third] = [0, 1, 2].map(|at| world.active()[at].clone());
    world.sim.with(|org| {
        let logins = [&gone, &second].map(|id| org.user(id).expect("is there").login());
        assert!(org.delete(&gone) && org.set_login(&second, &logins[0]) && org.set_login(&third, &logins[1]));
    });
    // A delta learns of no deletion: each waits for the one before.
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert_eq!(unsynced(&world).await.into_keys().collect::<BTreeSet<_>>(), [second, third].into());
    let report = world.deprovision().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
    world.assert_true().await;
}

#[tokio::test]
async fn a_newcomer_waits_for_somebody_who_came_back_and_waits_for_a_leaver() {
    let world = World::of(20).await;
    let [back, leaver] = [0, 1].map(|at| world.active()[at].clone());
    world.sim.with(|org| assert!(org.deactivate(&back)));
    synced(&world).await;
    let new = world.sim.with(|org| {
        let [free, wanted] = [&back, &leaver].map(|id| org.user(id).expect("is there").login());
        assert!(org.set_login(&leaver, "gone.away@acme.example") && org.deactivate(&leaver));
        assert!(org.reactivate(&back) && org.set_login(&back, &wanted));
        org.create(NewUser::new("Ida", "Byron", &free))
    });
    world.later(HOUR);
    // The leaver's record keeps its identifier until the guard has decided, and both wait so long.
    let report = world.delta().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
    assert!(people(&world).await[&new].previous_ids.is_empty(), "nobody's later account");
    world.assert_true().await;
}

#[tokio::test]
async fn of_two_who_want_the_same_in_a_chain_one_waits() {
    let world = by_mail(5).await;
    let (ada, bob) = (create(&world, "Ada", "ada@acme.example"), create(&world, "Bob", "bob@acme.example"));
    synced(&world).await;
    world.sim.with(|org| assert!(org.deactivate(&bob)));
    synced(&world).await;
    world.later(HOUR);
    world.sim.with(|org| {
        // So late that the delta does not list them.
        let now = org.now();
        org.set_now(now.saturating_sub(HOUR + HOUR / 2).expect("a moment"));
        assert!(org.set_profile(&ada, "email", "bob@acme.example"));
        assert!(org.set_profile(&bob, "email", "ada@acme.example"));
        org.set_now(now);
    });
    // Wants Ada's address, Ada wants Bob's, and the account that Bob has left wants Ada's as well.
    let again = create(&world, "Bob", "ada@acme.example");
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    let records = people(&world).await;
    let identifiers: BTreeSet<&String> = records.values().map(|record| &record.identifier).collect();
    assert_eq!(identifiers.len(), records.len(), "{identifiers:?}");
    synced(&world).await;
    let records = people(&world).await;
    assert_eq!((&*records[&again].identifier, &*records[&ada].identifier), ("ada@acme.example", "bob@acme.example"));
    assert_eq!(records[&again].previous_ids, [bob]);
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
}

#[tokio::test]
async fn who_shares_an_identifier_waits_until_it_comes_free() {
    for free in ["changed", "deleted", "deactivated"] {
        let world = by_mail(5).await;
        synced(&world).await;
        let holder = create(&world, "Ada", "ada@acme.example");
        synced(&world).await;
        let waiter = create(&world, "Ida", "ADA@acme.example");
        synced(&world).await;
        let rows = world.unsynced().await;
        let row = rows.iter().find(|row| row.id == waiter).expect("the newcomer waits");
        assert_eq!(row.reason, RejectionReason::DuplicateIdentifier);
        assert!(row.message.contains(&holder) && !row.hint.is_empty(), "{row:?}");
        assert!(!people(&world).await.contains_key(&waiter));
        world.sim.with(|org| match free {
            "changed" => assert!(org.set_profile(&holder, "email", "countess@acme.example")),
            "deleted" => assert!(org.delete(&holder)),
            _ => assert!(org.deactivate(&holder)),
        });
        synced(&world).await;
        let records = people(&world).await;
        assert_eq!(records.get(&waiter).map(|record| record.state), Some(State::Active), "{free}");
        assert!(world.unsynced().await.iter().all(|row| row.id != waiter), "{free}");
        assert_eq!(records.contains_key(&holder), free == "changed", "{free}");
    }
}

#[tokio::test]
async fn who_waits_is_not_given_up_for_a_role_that_was_lost_for_a_moment() {
    let world = by_mail(5).await;
    synced(&world).await;
    let holder = create(&world, "Ada", "ada@acme.example");
    synced(&world).await;
    let waiter = create(&world, "Ida", "ada@acme.example");
    synced(&world).await;
    world.later(HOUR);
    world.sim.with(|org| assert!(org.set_profile(&holder, "email", "countess@acme.example")));
    let waiters = Match::path(&format!("/api/v1/users/{waiter}"));
    world.sim.inject(Fault::new(waiters, FaultKind::Status(404)).times(1));
    world.sim.inject(Fault::new(Match::path("/api/v1/groups").query("BUILT_IN"), FaultKind::EmptyList).times(1));
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert!(!people(&world).await.contains_key(&waiter), "nobody could tell whether they are there");
    world.later(HOUR);
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert!(world.unsynced().await.is_empty(), "{:?}", world.unsynced().await);
    assert_eq!(people(&world).await[&waiter].state, State::Active);
}

#[tokio::test]
async fn who_is_hired_again_gets_the_record_back() {
    let world = by_mail(5).await;
    let old = create(&world, "Ada", "ada@acme.example");
    synced(&world).await;
    let before = people(&world).await[&old].clone();
    world.sim.with(|org| org.deactivate(&old));
    synced(&world).await;
    assert_eq!(world.standing(PEOPLE, &old).await, Some(Reason::Deactivated));
    let new = create(&world, "Ada", "ada@acme.example");
    world.later(HOUR);
    let report = world.import().await;
    assert_eq!(counts(&report, PEOPLE).reactivated, 1, "{report:?}");
    assert_adds_up(&report, world.headcount());
    let records = people(&world).await;
    assert!(!records.contains_key(&old), "there is one record, not two");
    let after = &records[&new];
    assert_eq!((after.state, &after.previous_ids), (State::Active, &vec![old.clone()]));
    assert_eq!(after.first_synced, before.first_synced);
    assert!(after.revision > before.revision);
    // The old account is listed on, and left out; it is reported when somebody brings it back to life.
    synced(&world).await;
    assert_eq!(people(&world).await[&new], *after);
    world.sim.with(|org| org.reactivate(&old));
    synced(&world).await;
    assert_eq!(unsynced(&world).await[&old], RejectionReason::Superseded);
    assert!(!people(&world).await.contains_key(&old));
}

#[tokio::test]
async fn a_first_import_meets_both_accounts_of_a_person_in_any_order() {
    for old_first in [true, false] {
        let world = by_mail(3).await;
        let accounts = [create(&world, "Ada", "ada@acme.example"), create(&world, "Ada", "ada@acme.example")];
        let [old, new] = if old_first { accounts } else { [accounts[1].clone(), accounts[0].clone()] };
        world.sim.with(|org| org.deactivate(&old));
        synced(&world).await;
        let records = people(&world).await;
        assert!(!records.contains_key(&old), "{old_first}");
        assert_eq!((records[&new].state, &records[&new].previous_ids), (State::Active, &vec![old.clone()]));
        assert!(!unsynced(&world).await.contains_key(&old));
    }
}

fn hire(world: &World, mail: &str, number: &str) -> String {
    let new = NewUser::new("Ada", "Byron", mail).with("employeeNumber", number);
    world.sim.with(|org| org.create(new))
}

#[tokio::test]
async fn who_is_hired_again_is_known_by_what_the_mapping_says() {
    let mut world = by_mail(3).await;
    world.reconnect(|document| document["mappings"][0]["rejoin"] = "profile.employeeNumber".into()).await;
    let (old, namesake) = (hire(&world, "ada@acme.example", "7"), hire(&world, "ida@acme.example", "8"));
    let twins = [hire(&world, "one@acme.example", "9"), hire(&world, "two@acme.example", "9")];
    synced(&world).await;
    world.sim.with(|org| [&old, &namesake, &twins[0], &twins[1]].iter().for_each(|id| assert!(org.deactivate(id))));
    synced(&world).await;
    let new = hire(&world, "byron@acme.example", "7");
    let stranger = hire(&world, "ida@acme.example", "10");
    let either = hire(&world, "three@acme.example", "9");
    synced(&world).await;
    let records = people(&world).await;
    assert_eq!(records[&new].previous_ids, [old.as_str()]);
    assert!(!records.contains_key(&old));
    // The address of somebody who left is theirs as long as Okta has them; a stranger does not get their record.
    assert_eq!(unsynced(&world).await[&stranger], RejectionReason::DuplicateIdentifier);
    assert_eq!(records[&namesake].reason, Some(Reason::Deactivated));
    assert_eq!(unsynced(&world).await[&either], RejectionReason::AmbiguousMatch);
    let row = world.unsynced().await.into_iter().find(|row| row.id == either).expect("there is a row");
    assert!(twins.iter().all(|twin| row.message.contains(twin)), "{row:?}");
    // Once the address is free the stranger has it, and a record of their own.
    world.sim.with(|org| org.delete(&namesake));
    synced(&world).await;
    let records = people(&world).await;
    assert_eq!((records[&stranger].state, records[&stranger].previous_ids.len()), (State::Active, 0));
    assert_eq!(records[&namesake].reason, Some(Reason::Deleted));
}

async fn load(world: &World, mails: &[&str]) -> Adoption {
    let people = mails.iter().map(|mail| {
        let fields = serde_json::Map::from_iter([("desk".to_owned(), "old desk".into())]);
        Person { identifier: (*mail).to_owned(), fields }
    });
    adopt(&world.context, "acme", PEOPLE, people.collect()).await.expect("the people are loaded")
}

#[tokio::test]
async fn people_whom_the_directory_knew_before_okta_are_joined_by_identifier() {
    let mut world = by_mail(3).await;
    world.reconnect(|document| document["guard"] = serde_json::json!({ "max_deactivations": 0 })).await;
    let (here, left) = (create(&world, "Ada", "ada@acme.example"), create(&world, "Bob", "bob@acme.example"));
    world.sim.with(|org| org.deactivate(&left));
    let mails = ["Ada@acme.example", "bob@acme.example", "nobody@acme.example"];
    assert_eq!(load(&world, &mails).await, Adoption { adopted: 3, known: 0 });
    assert_eq!(load(&world, &mails).await, Adoption { adopted: 0, known: 3 });
    let first_synced = people(&world).await.values().map(|record| record.first_synced).max();

    world.later(HOUR);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Held, "whoever left goes by the guard: {report:?}");
    assert_adds_up(&report, world.headcount());
    let records = people(&world).await;
    let joined = &records[&here];
    assert!(joined.previous_ids.is_empty() && Some(joined.first_synced) <= first_synced, "{joined:?}");
    assert_eq!(joined.fields["desk"], serde_json::Value::Null, "Okta's word replaces what was known");
    assert!(!records.contains_key(&left));
    let waits = records.values().find(|record| record.identifier == "nobody@acme.example").expect("stays");
    assert_eq!((waits.state, waits.okta_status.as_str()), (State::Active, "ADOPTED"));

    approve(&world.context, &report.run).await.expect("the hold is approved");
    assert_eq!(world.standing(PEOPLE, &left).await, Some(Reason::Deactivated));
    let claims: BTreeSet<String> = people(&world).await.into_values().map(|record| record.identifier).collect();
    assert_eq!(claims.len(), people(&world).await.len(), "nobody is there twice");
}

#[tokio::test]
async fn who_is_suspended_keeps_the_record() {
    let world = by_mail(3).await;
    let holder = create(&world, "Ada", "ada@acme.example");
    synced(&world).await;
    world.sim.with(|org| org.suspend(&holder));
    synced(&world).await;
    let newcomer = create(&world, "Ida", "ada@acme.example");
    synced(&world).await;
    assert_eq!(unsynced(&world).await[&newcomer], RejectionReason::DuplicateIdentifier);
    assert_eq!(world.standing(PEOPLE, &holder).await, Some(Reason::Suspended));
}

/// Whatever changes at random, no identifier is on two active records, and who is unsynced for theirs shares it.
#[tokio::test]
async fn random_changes_never_give_an_identifier_to_two() {
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = by_mail(12).await;
        for _ in 0..4 {
            synced(&world).await;
            assert_unique(&world, seed).await;
            change_at_random(&world, &mut random);
        }
        // Two quiet imports: chains of waiting people come to an end.
        synced(&world).await;
        synced(&world).await;
        assert_unique(&world, seed).await;
        assert_nobody_waits_for_nothing(&world, seed).await;
    }
}

fn change_at_random(world: &World, random: &mut fastrand::Rng) {
    let ids = world.people(|_| true);
    let mails: Vec<String> = world.sim.with(|org| ids.iter().filter_map(|id| org.user(id)?.text("email")).collect());
    for _ in 0..random.usize(2..8) {
        let id = &ids[random.usize(..ids.len())];
        let mail = &mails[random.usize(..mails.len())];
        match random.u8(..8) {
            0..=3 => drop(world.sim.with(|org| org.set_profile(id, "email", mail.as_str()))),
            4 => drop(world.sim.with(|org| org.deactivate(id))),
            5 => drop(world.sim.with(|org| org.reactivate(id))),
            6 => drop(create(world, "New", mail)),
            _ => drop(world.sim.with(|org| org.delete(id))),
        }
    }
}

async fn assert_unique(world: &World, seed: u64) {
    let records = people(world).await;
    let active: Vec<&Record> = records.values().filter(|record| record.state == State::Active).collect();
    let claims: BTreeSet<Claim> = active.iter().map(|record| Claim::on(&record.identifier)).collect();
    assert_eq!(claims.len(), active.len(), "seed {seed}");
}

/// Everybody who is active in Okta has an active record of what they are called there, or shares that name.
async fn assert_nobody_waits_for_nothing(world: &World, seed: u64) {
    let records = people(world).await;
    let held: BTreeSet<Claim> = records.values().map(|record| Claim::on(&record.identifier)).collect();
    for id in world.active() {
        let mail = world.sim.with(|org| org.user(&id).and_then(|user| user.text("email"))).unwrap_or_default();
        let is_right = records.get(&id).is_some_and(|it| it.state == State::Active && it.identifier == mail.trim());
        let shares = held.contains(&Claim::on(mail.trim()));
        assert!(is_right || mail.is_empty() || shares, "seed {seed}: {id} has no record as {mail}");
    }
}
