//! Support for tests and fuzz targets, in builds with the feature `testing` only: stores with a deliberate fault, and test
//! cases that unit tests, integration tests and fuzz targets share.
#![allow(missing_docs, clippy::missing_panics_doc, clippy::unwrap_used)]

pub mod daily_file;
pub mod faulty_store;
pub mod inputs;
pub mod journal_record;
pub mod splice;
