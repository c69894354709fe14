//! What the two servers share: all but the framework.
//!
//! `serve-axum` and `serve-actix` are one program, [`main`]. They differ in the [`Framework`] that
//! serves: [`Axum`] in one, [`Actix`] in the other.

mod access;
mod actix;
mod admin;
mod arguments;
mod axum;
mod begun;
mod connection;
mod descriptors;
mod error;
mod export;
mod folder;
mod following;
mod gate;
mod import;
mod log;
mod mark;
mod opened;
mod prefix;
mod progress;
mod rarely;
mod server;
mod sign_in;
mod signal;
mod socket;
mod store;
mod url;
mod watched;

pub use access::{AccessError, AccessRules};
pub use actix::Actix;
pub use admin::AdminOptions;
pub use arguments::{Arguments, ExportFormat};
pub use axum::Axum;
pub use connection::Limits;
pub use error::Error;
pub use import::{ImportOptions, Source, Summary, import, import_until};
pub use log::{LogFilter, LogFormat, LogOptions};
pub use prefix::Prefix;
pub use pyaday_core::import::OnExisting;
pub use server::{Framework, main, run_until};
pub use signal::{Signal, StopSignal};
pub use socket::Socket;
pub use store::StoreUrl;
pub use url::Url;

/// The README, whose code must run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
