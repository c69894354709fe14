//! What all operations share of HTTP.

mod api;
mod conditions;
mod document;
mod endpoint;
pub(crate) mod media_type;
mod options;
mod problem;
mod public_url;
pub(crate) mod query;

pub use api::Api;
pub use conditions::{Failure, Preconditions, Verdict};
pub use document::Document;
pub(crate) use endpoint::{ATOM, FEED_JSON, JSON, MERGE_PATCH_JSON};
pub use endpoint::{Blueprint, Endpoint, Operation};
pub use options::Options;
pub(crate) use problem::Advice;
pub use problem::{Problem, ProblemType};
pub use public_url::PublicUrl;
pub use query::Draw;
