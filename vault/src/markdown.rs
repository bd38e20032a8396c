//! From an event to its item in a daily file, in Markdown that nothing in it can turn into more than text.
//!
//! All captured text passes `sink::Markdown`. The stages, each in a file: `normalise` (cleans text), `escape` (writes a
//! line so that it reads as itself), `field` (values that Dataview reads with their types), `sink` (the only place where
//! the bytes of an item are made), `layout` and `item/visible` (which member goes where, for each source type), `item`
//! (one event), `header` (the frontmatter), `headings` (hours).
//!
//! # Rules of escaping
//! A character is escaped only where some parser would act on it, so that captured text is found by searching for it. A
//! character's neighbours are those of the written line: a piece's end counts as punctuation, and at an edge inside bold
//! or italics of ours `* ~ = ^ _` are always escaped.
//!
//! | Character | Escaped |
//! |---|---|
//! | `_` | each of a run whose left neighbour is no letter, digit or mark, and whose right one is no white space |
//! | `*` | unless it stands between white space |
//! | `~`, `^` | the same, but only if the item has two of them; `^` also before `[`, and as a block id |
//! | `==`, `\|\|` | as a run of two or more, unless it stands between white space |
//! | `` ` ``, `$` | always |
//! | `\` | before ASCII punctuation and at a piece's end |
//! | `[`, `]` | `[[`, `[^`, `](`, `]{`; both in the text of a link |
//! | `<` | as `&lt;` before a letter or one of `/ ! ? %`, and where an `@` follows before any white space |
//! | `&` | as `&amp;` where a character reference follows |
//! | `#` | where a tag begins: not behind a word, and with more than digits in it |
//! | `:` | behind a `:` if the last bracket of the item is `[` or `(`; before `//` behind anything but http and https, and behind `javascript`, `data` and the like; before the name of an emoji and `:`; at a line's start |
//! | `%` | beside another; `{%`, `%}`, `%>` |
//! | `{` | behind another |
//! | `-` | the first of a date behind an emoji, also over line breaks |
//! | http(s) and `www.` addresses | not at all, if nothing in them needs an escape; else all of it, and the `:` or `.` that makes a link of them |
//! | line starts | what begins a heading, list, quote, definition, fence, rule or table, behind any indentation |
//!
//! [`unescape()`] undoes all of it; so does every CommonMark parser.
//!
//! # What escaping cannot do
//! GitHub and remark make links of e-mail addresses and `www.` names whatever is escaped; the target is the text itself.
//! Dataview's reading view looks for inline fields in the rendered page, where no escape is left, and renders their
//! values as Markdown once more (its setting "inline field highlighting" turns that off). Text that is to read
//! `[a:: b]` cannot be hidden from it without changing the text.

mod encoded_word;
mod escape;
mod field;
mod format;
pub(crate) mod header;
pub(crate) mod headings;
pub(crate) mod item;
pub(crate) mod layout;
mod normalise;
mod reserved;
pub(crate) mod sink;
mod unescape;
mod url;

pub use encoded_word::decode_mail_headers;
pub(crate) use field::ref_fields;
pub use format::{FieldSelection, Format, Metadata};
pub use normalise::normalise;
pub use unescape::unescape;
