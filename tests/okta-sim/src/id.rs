//! Okta's ids: 20 characters, case-sensitive, the first three say what it is.

use fastrand::Rng;

/// The id of an object, stored in place: indexes hold millions of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id([u8; 20]);

impl Id {
    /// Before every id.
    pub(crate) const FIRST: Self = Self([0; 20]);
    /// After every id.
    pub(crate) const LAST: Self = Self([u8::MAX; 20]);

    /// The id that `text` spells, if it has the length of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A new id with the given three-letter prefix.
///
/// The middle is random: an org's ids do not sort by age, so whoever pages by `created` meets ties
/// in no particular order of insertion.
pub(crate) fn new_id(rng: &mut Rng, prefix: &str) -> String {
    let mut text = String::with_capacity(20);
    text.push_str(prefix);
    for _ in 0..14 {
        text.push(rng.alphanumeric());
    }
    text.push_str("1d7");
    text
}

/// FNV-1a: the same in every process.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A random UUID, as system log events carry.
pub(crate) fn new_uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}
