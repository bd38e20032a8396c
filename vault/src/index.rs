//! Which event ids have been stored before.

pub mod filter;
pub mod seen;

pub use seen::{IdSet, Seen, SeenIndex};
