//! Who was seen: what a sweep compares the known records with, and what keeps anyone from being counted twice.

use std::collections::HashSet;

/// The most ids that one item of seen ids holds: far below DynamoDB's 400 KB.
const IDS_A_CHUNK: usize = 5_000;

/// Seen ids for one item.
pub(crate) struct Chunk {
    /// The number of the list that they are of.
    pub(crate) list: u32,
    /// The chunk's own number in it.
    pub(crate) number: u32,
    pub(crate) ids: Vec<String>,
}

/// Ids that were seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) ids: HashSet<String>,
    /// Those of the largest `created`, which a sweep leaves for the next part.
    pub(crate) at_last: Vec<String>,
    unsaved: Vec<String>,
}

impl Seen {
    /// What an earlier invocation saw. It is not kept who of them was created last, so each may have been.
    pub(crate) fn resumed(ids: Vec<String>) -> Seen {
        Seen { ids: ids.iter().cloned().collect(), at_last: ids, unsaved: Vec::new() }
    }

    pub(crate) fn insert(&mut self, id: &str) {
        if self.ids.insert(id.to_owned()) {
            self.unsaved.push(id.to_owned());
        }
    }

    /// What the next part of the slice begins with: those at its first second.
    pub(crate) fn into_next_part(self) -> Seen {
        Seen { ids: self.at_last.iter().cloned().collect(), unsaved: self.at_last.clone(), at_last: self.at_last }
    }

    /// Takes the ids that no item holds yet, as chunks of a list that has so many already.
    pub(crate) fn unsaved(&mut self, list: u32, stored: &mut u32) -> Vec<Chunk> {
        let unsaved = std::mem::take(&mut self.unsaved);
        let chunks = unsaved.chunks(IDS_A_CHUNK).map(|ids| {
            let number = *stored;
            *stored += 1;
            Chunk { list, number, ids: ids.to_vec() }
        });
        chunks.collect()
    }
}
