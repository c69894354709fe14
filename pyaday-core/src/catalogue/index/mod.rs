//! The index of a catalogue for searches and tags.
//!
//! The index is a cache. It changes nothing that a search finds, only how fast.

mod best;
mod bits;
mod blocks;
mod build;
mod cursor;
mod dictionary;
mod gathering;
mod grams;
mod hits;
mod levels;
mod live;
mod matcher;
mod names;
mod postings;
mod ranked;
mod rest;
mod scoring;
mod segment;
mod selection;
mod sets;
mod suggestions;
mod tagged;
#[cfg(test)]
mod tests;

pub(super) use cursor::Cursor;
pub(super) use gathering::Gathering;
pub(super) use live::{Live, SMALL, Segments};
pub(super) use selection::Selection;
pub(super) use tagged::Tagged;
