//! What is kept of an application's people, one short note each, as text in pieces of bounded size.
//!
//! An application may have hundreds of thousands of people, and an item of the state table has room for some thousands. So
//! they are kept in *parts*: each holds those from one user id on, up to the first of the next part, in order of id.

/// What is kept of one person, under their Okta id.
pub type Person<K> = (String, K);

/// What can be kept of a person in a few characters, without spaces or colons.
pub trait Kept: Sized {
    /// Adds it to a text.
    fn write(&self, text: &mut String);

    /// What was written; `None` where it was not written by [`Kept::write`].
    fn read(text: &str) -> Option<Self>;
}

/// People as the text of a part, in the order in which they come.
pub fn written<K: Kept>(people: &[Person<K>]) -> String {
    let mut text = String::new();
    for person in people {
        if !text.is_empty() {
            text.push(' ');
        }
        write_person(person, &mut text);
    }
    text
}

/// The people of a part's text. `None` where it is damaged: they must come in order of id, each once.
pub fn read<K: Kept>(text: &str) -> Option<Vec<Person<K>>> {
    let people = text.split_ascii_whitespace().map(|person| {
        let (user, kept) = person.split_once(':')?;
        Some((user.to_owned(), K::read(kept)?))
    });
    let people: Vec<Person<K>> = people.collect::<Option<_>>()?;
    people.is_sorted_by(|(one, _), (next, _)| one < next).then_some(people)
}

/// Cuts people into the texts of as many parts as they need, each with the people in it. What fits into `largest` bytes
/// stays together; otherwise the parts are filled to the half, so that each has room for those who come between its
/// people. There is one empty part for nobody.
pub fn cut<K: Kept>(people: &[Person<K>], largest: usize) -> Vec<(&[Person<K>], String)> {
    let whole = written(people);
    if whole.len() <= largest {
        return vec![(people, whole)];
    }
    let (mut parts, mut first, mut text) = (Vec::new(), 0, String::new());
    for (place, person) in people.iter().enumerate() {
        let before = text.len();
        if before > 0 {
            text.push(' ');
        }
        write_person(person, &mut text);
        if before > 0 && text.len() > largest / 2 {
            text.truncate(before);
            parts.push((&people[first..place], std::mem::take(&mut text)));
            first = place;
            write_person(person, &mut text);
        }
    }
    parts.push((&people[first..], text));
    parts
}

/// Of people in order of id: those who come before the part that begins with `from`, and those who belong in it, of whom
/// the last `most` are told; the others wait among the first. The part must be the last one there is for the last of them.
pub fn belonging<'a, K>(people: &'a [Person<K>], from: &str, most: usize) -> (&'a [Person<K>], &'a [Person<K>]) {
    let first = people.partition_point(|(user, _)| user.as_str() < from);
    people.split_at(first.max(people.len().saturating_sub(most)))
}

fn write_person<K: Kept>((user, kept): &Person<K>, text: &mut String) {
    text.push_str(user);
    text.push(':');
    kept.write(text);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Person, cut, read, written};
    use crate::model::Time;

    fn people() -> impl Strategy<Value = Vec<Person<Time>>> {
        let moment = (0..4_000_000_000_000_i64).prop_map(Time::from_millis);
        let people = prop::collection::btree_map("[0-9A-Za-z_-]{1,128}", moment, 0..60);
        people.prop_map(|people: BTreeMap<String, Time>| people.into_iter().collect())
    }

    #[test]
    fn nobody_is_one_empty_part() {
        assert_eq!(cut::<Time>(&[], 100), [(&[][..], String::new())]);
        assert_eq!(read::<Time>(""), Some(Vec::new()));
    }

    #[test]
    fn what_fits_stays_together_and_what_does_not_leaves_room() {
        let people: Vec<_> = (10..40).map(|number| (format!("00u{number}"), Time::from_millis(number))).collect();
        let size = written(&people).len();
        assert_eq!(cut(&people, size).len(), 1);
        let sizes: Vec<usize> = cut(&people, size - 1).iter().map(|(_, text)| text.len()).collect();
        assert!(sizes.len() == 3 && sizes.iter().all(|part| *part <= (size - 1) / 2), "{sizes:?} of {size}");
    }

    #[test]
    fn a_damaged_text_is_not_read() {
        for damaged in ["00u1", "00u1:", "00u1:x", "00u2:1 00u1:1", "00u1:1 00u1:1", "00u1:1:2", "00u1:-1"] {
            assert_eq!(read::<Time>(damaged), None, "{damaged}");
        }
    }

    proptest! {
        #[test]
        fn parts_hold_everybody_once_in_order_and_never_too_much(people in people(), largest in 300..4_000_usize) {
            let parts = cut(&people, largest);
            let again: Vec<Person<Time>> = parts.iter().flat_map(|(_, text)| read(text).unwrap()).collect();
            prop_assert_eq!(&again, &people);
            for (people, text) in &parts {
                prop_assert!(text.len() <= largest, "{} of {largest}", text.len());
                prop_assert_eq!(&written(people), text);
                prop_assert!(parts.len() == 1 || !people.is_empty());
            }
        }
    }
}
