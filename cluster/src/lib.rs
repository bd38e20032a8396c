//! Many machines on one object store: rows, owners of partitions, and the map that names them.
//!
//! The protocol, its invariants and what happens at each failure are in `docs/cluster.md`. In short: each partition is a
//! database in the bucket with one owner at a time; opening it fences the owner before; a group of batches is one atomic
//! write of ids and entries; a batch is acknowledged when the object of the log with it exists.
//!
//! - [`batch`]: what is stored, and the response.
//! - [`rows`]: keys and values.
//! - [`engine`]: the database behind a trait.
//! - [`worker`]: stores each event of a partition exactly once.
//! - [`bucket`]: what all nodes share: the cluster's description, heartbeats, the map.
//! - [`plan`]: who should own which partition.
//! - [`peers`]: the other nodes, behind a trait.
//! - [`node`]: accepts batches for all partitions, and owns some of them.

#![warn(missing_docs)]

pub mod batch;
pub mod bucket;
pub mod engine;
pub mod error;
pub mod node;
pub mod peers;
pub mod plan;
pub mod rows;
pub mod worker;
