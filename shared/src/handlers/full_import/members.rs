//! Groups: the members of the mapped groups are listed before anybody is decided on.
//!
//! Where every mapping uses groups, nobody else matters: whoever a list of members shows goes through the line right
//! there, in the first of a mapping's groups that admits them, and who is known and was in none is a suspect. Otherwise
//! the lists only say who is in which group, and the slices decide. What a list says is stored when it has ended.

use futures::TryStreamExt;

use super::import::Import;
use crate::directory::{Listing, Suspect};
use crate::handlers::interruption::Interruption;
use crate::handlers::work::{Seen, Tally};
use crate::model::{Identity, ObjectKind, RawObject, Reason, identify};
use crate::reconcile::{Pass, Source};
use crate::sync::Met;

/// Suspects that are noted at once.
const SUSPECTS_AT_ONCE: usize = 500;

/// Lists every mapped group from where the checkpoint stands, and, where nobody else is read, sweeps.
pub(crate) async fn read_groups(import: &Import) -> Result<(), Interruption> {
    loop {
        let at = import.work().checkpoint.members.pass as usize;
        let Some(pass) = import.passes.get(at) else { break };
        read_pass(import, at, pass).await?;
    }
    if import.by_group { sweep(import).await } else { Ok(()) }
}

/// Fills the roster with what earlier invocations listed.
pub(super) async fn reload(import: &Import) -> Result<(), Interruption> {
    let line = &import.line;
    let at = import.work().checkpoint.members.pass as usize;
    for pass in import.passes.iter().take(at).filter(|pass| pass.first) {
        let Some(group) = line.groups.group(pass.group) else { continue };
        let mut members = line.directory.members(&line.connection.name, &group.id);
        while let Some(user) = members.try_next().await? {
            line.groups.roster().add(&user, pass.group);
        }
    }
    if let Some(pass) = import.passes.get(at).filter(|pass| pass.first) {
        let listed: Vec<String> = import.work().members.ids.iter().cloned().collect();
        let mut roster = line.groups.roster();
        for user in &listed {
            roster.add(user, pass.group);
        }
    }
    Ok(())
}

/// Lists one group to its end, then stores who is in it.
async fn read_pass(import: &Import, at: usize, pass: &Pass) -> Result<(), Interruption> {
    let line = &import.line;
    let Some(group) = line.groups.group(pass.group) else { return Ok(()) };
    let mut pages = import.work().checkpoint.members.pages(&group.id);
    while let Some(page) = pages.next(import).await? {
        take_in(import, (at, pass), page.objects).await?;
        import.work().checkpoint.members.turn(page.date, page.next.as_ref());
        import.turn_page().await?;
    }
    finish(import, pass, &group.id).await
}

async fn finish(import: &Import, pass: &Pass, group: &str) -> Result<(), Interruption> {
    let (at, members) = {
        let work = import.work();
        (work.checkpoint.members.at, work.members.ids.clone())
    };
    if let Some(at) = at.filter(|_| pass.first) {
        let listing = Listing { group: group.to_owned(), at, members };
        import.line.directory.put_listing(&import.line.lease, &listing).await?;
    }
    {
        let mut work = import.work();
        work.checkpoint.members.finish();
        work.members = Seen::default();
    }
    import.save().await
}

/// Notes a page's members, and takes those through the line who are met for the first time under a mapping.
async fn take_in(import: &Import, (at, pass): (usize, &Pass), objects: Vec<RawObject>) -> Result<(), Interruption> {
    let line = &import.line;
    let people: Vec<(Identity, RawObject)> = objects.into_iter().map(|object| (identify(&object), object)).collect();
    let (mut new, mut people_met) = (Vec::new(), 0);
    {
        let work = import.work();
        let mut roster = line.groups.roster();
        for (person, object) in people {
            // A second listing of the group shows nobody whom the first did not: their groups would not be known.
            let is_listed = pass.first || roster.groups(&person.id).contains(&pass.group);
            if is_listed && !work.members.ids.contains(&person.id) {
                people_met += u64::from(roster.add(&person.id, pass.group));
                new.push((person.id, object));
            }
        }
    }
    let (ids, objects): (Vec<String>, Vec<RawObject>) = new.into_iter().unzip();
    let landings = if import.by_group {
        let wanted = |mapping: usize, id: &str| met_in(import, mapping, id) == Some(at);
        line.page_where((ObjectKind::User, &objects), (Source::Listed, Met::First), wanted).await?
    } else {
        Vec::new()
    };
    let mut work = import.work();
    ids.iter().for_each(|id| work.members.insert(id));
    work.checkpoint.ledger.count(&landings);
    if import.by_group {
        work.checkpoint.ledger.people += people_met;
        work.checkpoint.pages += 1;
    }
    Ok(())
}

/// The listing in which somebody is taken through the line under a mapping: the first that it takes people from and by
/// which they are known to be in a group that it admits.
pub(super) fn met_in(import: &Import, mapping: usize, id: &str) -> Option<usize> {
    let groups = import.line.groups.roster().groups(id).to_vec();
    let mut listed = Vec::new();
    for (at, pass) in import.passes.iter().enumerate().filter(|(_, pass)| groups.contains(&pass.group)) {
        listed.push(pass.group);
        let admits =
            || import.line.connection.mappings[mapping].admits_members(&import.line.groups.memberships(&listed));
        if pass.mappings.contains(&mapping) && admits() {
            return Some(at);
        }
    }
    None
}

/// Makes suspects of the known people whom no list of members showed.
async fn sweep(import: &Import) -> Result<(), Interruption> {
    let line = &import.line;
    let mut tallies = vec![Tally::default(); line.connection.mappings.len()];
    let (mut suspects, mut any) = (Vec::new(), false);
    for (index, mapping) in line.connection.mappings_of_people() {
        let known = line.directory.known(&line.connection.name, &mapping.name, None, None);
        let mut known = std::pin::pin!(known);
        while let Some(known) = known.try_next().await? {
            let standing = known.current.standing;
            if standing.is_some_and(Reason::is_gone) {
                continue;
            }
            tallies[index].known += 1;
            tallies[index].active += u64::from(standing.is_none());
            // Who is out of scope already would only be found to be so again.
            if standing != Some(Reason::OutOfScope) && met_in(import, index, &known.id).is_none() {
                let (id, mapping) = (known.id, mapping.name.clone());
                suspects.push(Suspect { id, source_created: known.source_created, mapping });
                any = true;
            }
            if suspects.len() >= SUSPECTS_AT_ONCE {
                line.directory.add_suspects(line.lease.run(), &std::mem::take(&mut suspects)).await?;
            }
        }
    }
    line.directory.add_suspects(line.lease.run(), &suspects).await?;
    let checkpoint = &mut import.work().checkpoint;
    checkpoint.suspects |= any;
    for (tally, found) in checkpoint.ledger.tallies.iter_mut().zip(tallies) {
        (tally.known, tally.active) = (found.known, found.active);
    }
    Ok(())
}
