//! The SDK for plugins: queue an event, and it arrives, exactly once.
//!
//! ```no_run
//! use std::time::Duration;
//! use openclone_client::{sdk::{Client, Event}, v1::{Braindump, SourceType}};
//!
//! # async fn example() -> Result<(), openclone_client::sdk::Error> {
//! let client = Client::builder("my-plugin", "1.0.0", SourceType::Braindump).open().await?;
//! client.send(Event::new(Braindump { text: Some("Hello!".to_owned()) })).await?;
//! client.close(Duration::from_secs(10)).await
//! # }
//! ```
//!
//! [`Client::send`] writes the event to a spool on disk and returns; a task sends what has queued up, in batches. From
//! then on a crash of the plugin loses nothing: the next [`Builder::open`] with the same state directory sends the rest.
//! What every SDK does, in any language, is in `clients/README.md`; this module says it in Rust.
//!
//! ```text
//! Client::send ──► Spool (disk) ──► sender ──► stream | JSON endpoint
//!                                     └──► dead-letter/
//! ```
//!
//! - [`spool`](self) knows bytes and frames, and no network; `sender` knows neither files nor options.
//! - An event leaves the spool only when it has been acknowledged or set aside.
//! - The key is in memory only, and in no text that this module makes.

mod client;
mod common;
mod dead_letter;
mod document;
mod error;
mod event;
mod health;
mod key;
mod manifest;
mod memory;
mod options;
mod owner;
mod sender;
mod spool;
mod state;
mod typed;

pub use client::{Client, Stats, until_signal};
pub use error::{Error, Notice, Rejected};
pub use event::{Event, MAX_EVENT_BYTES};
pub use health::Health;
pub use manifest::{Config, Manifest};
pub use memory::{Memory, StoredEvent};
pub use options::{Builder, OnFull, Transport};
pub use typed::typed_from_json;

/// What every connection says that it is.
const USER_AGENT: &str = concat!("openclone-rust/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    #[test]
    fn the_plugin_of_the_readme_is_the_example() {
        let readme = include_str!("../README.md");
        let example = include_str!("../examples/braindump.rs");
        let code = readme
            .split("```rust\n")
            .nth(1)
            .and_then(|rest| rest.split("```").next())
            .unwrap();
        // Behind its first lines, which say what it is.
        assert_eq!(example.split_once("\n\n").unwrap().1, code);
    }
}
