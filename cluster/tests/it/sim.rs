//! The simulation: an object store, processes, faults, clients, and the comparison of responses and rows.

pub(crate) mod clock;
pub(crate) mod history;
pub(crate) mod network;
pub(crate) mod process;
pub(crate) mod seeds;
pub(crate) mod store;
pub(crate) mod wrong;
