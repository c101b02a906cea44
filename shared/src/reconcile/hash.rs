//! What the members of a set of very many are known by, in eight bytes each.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The hash of something. It holds within one process only: nothing that is stored may depend on it.
pub fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
