//! Signatures against published ones, and keys in every form in which people store them.

mod keys;
mod replacing;
mod signing;
