//! The Markdown vault.
