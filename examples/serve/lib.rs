//! What the two servers share: all but the framework.
//!
//! `serve-axum` and `serve-actix` are one program, [`run`]. They differ in the [`Framework`] that
//! serves: [`Axum`] in one, [`Actix`] in the other.

mod access;
mod actix;
mod arguments;
mod axum;
mod begun;
mod error;
mod gate;
mod import;
mod mark;
mod opened;
mod prefix;
pub mod reader;
mod server;
mod signal;
mod socket;
mod store;
mod url;

use std::time::Duration;

pub use access::{AccessError, AccessRules};
pub use actix::Actix;
pub use arguments::Arguments;
pub use axum::Axum;
pub use error::{Error, report};
pub use import::{OnExisting, Source, Summary, import};
pub use prefix::Prefix;
pub use server::{Framework, run, run_until};
pub use signal::StopSignal;
pub use socket::Socket;
pub use store::StoreUrl;
pub use url::Url;

/// How long requests that were begun may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long a client may take to send the head of a request, and how long its connection may idle
/// until it does.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The README, whose code must run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
