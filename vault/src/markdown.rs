//! From an event to its item in a daily file, in Markdown that nothing in it can turn into more than text.
//!
//! All foreign text passes `sink::Markdown`, whose only ways in for it escape. The stages, each in a file:
//! `normalise` (what the text is, cleaned of what is not text), `escape` (how a line of it is written), `sink` (the
//! only place where bytes of an item are made), `layout` (which member goes where, for each source type), `item` (one
//! event), `header` (the frontmatter).
//!
//! # Rules of escaping
//! Where they differ from a plain CommonMark escape, and why:
//! - `<` and `&` become `&lt;` and `&amp;`: a backslash would leave Templater's `<%` whole.
//! - A `#` that could begin a tag becomes `&num;`: Dataview finds tags of list items by `#` alone, with or without
//!   a backslash before it, also within words. Any other that might mean something gets a backslash.
//! - A `:` gets a backslash beside another, at a piece's end, and wherever it could end a URI scheme or belong to an
//!   emoji's short name; times of day stay as they are.
//! - `%` gets one beside another and before or after what makes it a template's delimiter (`%>`, `{%`, `%}`).
//! - `@` gets one before anything but a space: a GFM parser sees an address in `a@.b`.
//! - The first hyphen of a date gets one after any character beyond ASCII and at the start of a further line: there are
//!   more emoji that mean something than a list could name, and Dataview joins an item's lines before it looks.
//!
//! [`unescape()`] undoes all of it; so does every CommonMark parser.
//!
//! # What escaping cannot do
//! Dataview's reading view looks for inline fields in the rendered page, where no escape is left, and renders their
//! values as Markdown once more (its setting "inline field highlighting" turns that off). Text that is to read
//! `[a:: b]` cannot be hidden from it without changing the text.

mod escape;
pub(crate) mod header;
pub(crate) mod item;
mod layout;
mod normalise;
pub(crate) mod sink;
mod unescape;
mod url;

pub use normalise::normalise;
pub use unescape::unescape;
