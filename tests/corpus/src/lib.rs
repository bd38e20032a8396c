//! A realistic corpus: events of all fifteen source types as a person's machines capture them, made from a seed.
//!
//! The same seed gives the same events on every machine and in every version: the generator of random numbers is part of
//! this crate. All text is put together from templates and words of our own.

mod code;
mod event;
mod prose;
mod random;
mod tokens;
mod words;

pub use event::{CorpusEvent, events};
pub use random::Random;
pub use tokens::Token;
