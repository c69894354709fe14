//! What the two servers do, as their users see it: as processes, over sockets.
#![expect(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod access;
#[cfg(unix)]
mod admin;
mod cors;
#[path = "../host/cors_fields.rs"]
mod cors_fields;
#[cfg(target_os = "linux")]
mod descriptors;
mod desk;
#[cfg(unix)]
mod durable;
#[cfg(target_os = "linux")]
mod early_stop;
mod existing;
#[cfg(unix)]
mod export;
#[cfg(unix)]
mod first_import;
mod formats;
#[cfg(target_os = "linux")]
mod hung;
mod import;
mod limits;
#[cfg(unix)]
mod logging;
mod messages;
mod not_a_list;
#[cfg(unix)]
mod other_programs;
mod process;
mod proxies;
#[cfg(unix)]
mod readme;
mod secrets;
mod several;
mod sources;
mod start;
#[cfg(unix)]
mod stop;
mod tokens;
#[cfg(target_os = "linux")]
mod watched;
