//! The parts of HTTP that all operations share.

pub(crate) mod admission;
mod api;
mod authority;
mod body;
pub(crate) mod change_note;
pub(crate) mod conditions;
#[cfg(feature = "desk")]
mod desk;
pub(crate) mod document;
mod endpoint;
pub(crate) mod facts;
mod feed_id;
pub(crate) mod form;
pub(crate) mod guard;
pub(crate) mod head;
pub(crate) mod media_type;
mod options;
pub(crate) mod path;
mod problem;
mod problem_type;
mod public_url;
pub(crate) mod query;
mod refusals;
pub(crate) mod response;

pub use api::Api;
pub use authority::{Host, Origin};
pub use body::{Body, BodyError};
pub use conditions::{Evaluation, Failure, Preconditions};
#[cfg(feature = "desk")]
pub use desk::Desk;
pub use endpoint::Endpoint;
pub use facts::{Blueprint, Operation};
pub use feed_id::FeedId;
pub use guard::{Access, Verdict};
pub use options::Options;
pub use problem::Problem;
pub use problem_type::ProblemType;
pub use public_url::PublicUrl;
