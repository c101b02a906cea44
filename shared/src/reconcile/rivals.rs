//! Who would have to wait for an identifier, as far as records and a list of people can tell before anything is written.
//!
//! The claim decides when a run writes; this is the same judgement in advance. It keeps hashes, for there may be very many
//! people, and the id of whoever would take a claim.

use std::collections::HashMap;

use super::hash;
use crate::model::{Claim, Reason, Standing, is_adopted};

/// Whose record has a claim, or would take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// The Okta id.
    pub id: String,
    /// How the record stands, or would stand.
    pub standing: Standing,
    /// Whether the record would be a new one, whose person may have been here before under another id and this very
    /// identifier.
    pub is_new: bool,
}

/// What becomes of somebody's wish for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rivalry {
    /// Nobody is in the way.
    Free,
    /// The record of this id is taken over: the same person, hired again.
    TakesOver(String),
    /// An earlier, deactivated account of the person whose record is that of this id.
    EarlierSelf(String),
    /// The record of this id has the identifier, and keeps it.
    Taken(String),
}

/// The people of one mapping who were listed so far.
#[derive(Debug, Default)]
pub struct Rivals {
    /// By id, as hashes: the claim that somebody has by now, and how they stand.
    listed: HashMap<u64, (u64, Standing)>,
    /// By claim, as a hash: who takes it first.
    takers: HashMap<u64, Contender>,
}

impl Rivals {
    /// Notes what somebody is called now, whether or not that is news.
    pub fn list(&mut self, id: &str, claim: &Claim, standing: Standing) {
        self.listed.insert(hash(id), (hash(claim), standing));
    }

    /// Notes that somebody's record would take a claim; whether nobody listed before them would take it too.
    pub fn take(&mut self, claim: &Claim, contender: &Contender) -> bool {
        let first = self.takers.entry(hash(claim)).or_insert_with(|| contender.clone());
        first.id == contender.id
    }

    /// What becomes of a contender, once everybody is listed; `holder` has the claim in the directory, if anybody.
    pub fn judge(&self, claim: &Claim, contender: &Contender, holder: Option<&Contender>) -> Rivalry {
        let from_holder = holder.map_or(Rivalry::Free, |holder| self.against_holder(claim, contender, holder));
        if matches!(from_holder, Rivalry::Taken(_) | Rivalry::EarlierSelf(_)) {
            return from_holder;
        }
        match self.takers.get(&hash(claim)).filter(|first| first.id != contender.id) {
            Some(first) => against(contender, first),
            None => from_holder,
        }
    }

    fn against_holder(&self, claim: &Claim, contender: &Contender, holder: &Contender) -> Rivalry {
        match self.listed.get(&hash(&holder.id)) {
            // They are called something else by now, and give the claim up.
            Some((other, _)) if *other != hash(claim) => Rivalry::Free,
            Some((_, standing)) => against(contender, &Contender { standing: *standing, ..holder.clone() }),
            None => against(contender, holder),
        }
    }
}

fn against(contender: &Contender, rival: &Contender) -> Rivalry {
    if is_adopted(&rival.id) {
        // Known before Okta, and waiting for whoever has the identifier.
        return Rivalry::TakesOver(rival.id.clone());
    }
    let is_hired_again = contender.is_new && contender.standing.is_none();
    let is_earlier_account = contender.is_new && contender.standing == Some(Reason::Deactivated);
    match rival.standing {
        Some(Reason::Deleted | Reason::Missing) if contender.is_new => Rivalry::TakesOver(rival.id.clone()),
        Some(Reason::Deleted | Reason::Missing) => Rivalry::Free,
        Some(Reason::Deactivated) if is_hired_again => Rivalry::TakesOver(rival.id.clone()),
        None if is_earlier_account => Rivalry::EarlierSelf(rival.id.clone()),
        _ => Rivalry::Taken(rival.id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Contender, Rivalry, Rivals};
    use crate::model::{Claim, Reason, Standing};

    fn contender(id: &str, standing: Standing) -> Contender {
        Contender { id: id.to_owned(), standing, is_new: true }
    }

    #[test]
    fn the_standing_of_both_decides() {
        let gone = Some(Reason::Deactivated);
        let (free, over) = (Rivalry::Free, Rivalry::TakesOver("old".to_owned()));
        let (taken, earlier) = (Rivalry::Taken("old".to_owned()), Rivalry::EarlierSelf("old".to_owned()));
        for (holder, standing, is_new, comes_to) in [
            (None, None, true, &taken),
            (None, gone, true, &earlier),
            (None, gone, false, &taken),
            (gone, None, true, &over),
            (gone, None, false, &taken),
            (gone, gone, true, &taken),
            (Some(Reason::Deleted), None, true, &over),
            (Some(Reason::Deleted), None, false, &free),
            (Some(Reason::Suspended), None, true, &taken),
        ] {
            let rivals = Rivals::default();
            let (holder, newcomer) = (contender("old", holder), contender("new", standing));
            let newcomer = Contender { is_new, ..newcomer };
            let judged = rivals.judge(&Claim::on("ada"), &newcomer, Some(&holder));
            assert_eq!(judged, *comes_to, "{holder:?} {newcomer:?}");
        }
    }

    #[test]
    fn who_is_called_something_else_by_now_is_in_nobodys_way() {
        let mut rivals = Rivals::default();
        rivals.list("old", &Claim::on("ida"), None);
        let judged = rivals.judge(&Claim::on("ada"), &contender("new", None), Some(&contender("old", None)));
        assert_eq!(judged, Rivalry::Free);
    }

    #[test]
    fn of_two_newcomers_the_first_has_it() {
        let (mut rivals, claim) = (Rivals::default(), Claim::on("ada"));
        let (one, other) = (contender("one", None), contender("other", None));
        assert!(rivals.take(&claim, &one) && !rivals.take(&claim, &other));
        assert_eq!(rivals.judge(&claim, &one, None), Rivalry::Free);
        assert_eq!(rivals.judge(&claim, &other, None), Rivalry::Taken("one".to_owned()));
    }
}
