//! Maintenance of vaults on the real file system.

mod forget;
mod fsck;
mod rebuild;
