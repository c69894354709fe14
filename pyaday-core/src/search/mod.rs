//! Searching: which packages a query finds, and in which order.
//!
//! What is found and its score depend on the query and the package alone. So any store, and anyone
//! else, can compute them with [`Search::score`].

mod document;
mod facets;
mod fold;
#[cfg(feature = "desk")]
mod marks;
mod score;
mod terms;

pub use score::Score;
pub use terms::Search;

pub(crate) use document::Document;
pub(crate) use facets::{Facets, TagFinder};
pub(crate) use fold::split;
#[cfg(feature = "desk")]
pub(crate) use marks::marks;
pub(crate) use score::{
    BEGINS, MOST_POPULAR, PHRASE, Parts, Place, Relation, average, coverage, score_of,
};
pub(crate) use terms::Word;
