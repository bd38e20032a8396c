//! Maintenance of vaults on the real file system.

mod forget;
mod fsck;
mod missing;
mod moved;
mod rebuild;
