//! Vaults on the real file system: looked after, and edited by users while events come in.
#![allow(clippy::unwrap_used)]

mod bench;
mod forget;
mod fsck;
mod hands;
mod rebuild;
