//! What the renderer writes, read back by parsers that know nothing of it.

mod attacks;
mod batch;
mod check;
mod dataview;
mod documented;
mod inert;
mod links;
mod parsers;
mod places;
mod realistic;
mod search;
mod snapshots;
mod times;
