//! The access log: a line for each request.

use std::time::Instant;

use pyaday_core::Actor;

use super::ACCESS;

mod on_actix;
mod on_axum;

pub(crate) use on_actix::logged;
pub(crate) use on_axum::{log, log_actor};

/// Whether there is an access log. Without it, no request passes a layer for it.
pub(crate) fn is_on() -> bool {
    tracing::enabled!(target: ACCESS, tracing::Level::INFO)
}

/// A request whose line is written when its answer is known, or when its client has left before that.
struct Request {
    is_ended: bool,
    began: Instant,
    method: String,
    path: String,
}

impl Request {
    fn begin(method: &str, path: &str) -> Self {
        Self {
            is_ended: false,
            began: Instant::now(),
            method: beginning(method),
            path: beginning(path),
        }
    }

    /// Writes the line. `bytes` is the length of the content, if it is known.
    fn end(&mut self, status: u16, bytes: Option<u64>, actor: Option<&Actor>) {
        self.is_ended = true;
        tracing::info!(
            target: ACCESS,
            method = self.method,
            path = self.path,
            status,
            bytes,
            duration_seconds = self.began.elapsed().as_secs_f64(),
            actor = actor.map(Actor::name),
        );
    }
}

/// A client decides how long these are, so a line has only the beginning of long ones.
fn beginning(text: &str) -> String {
    const MOST: usize = 1_024;

    match text.len() <= MOST {
        true => text.to_owned(),
        false => format!("{}…", &text[..text.floor_char_boundary(MOST)]),
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if !self.is_ended {
            tracing::info!(
                target: ACCESS,
                method = self.method,
                path = self.path,
                duration_seconds = self.began.elapsed().as_secs_f64(),
                "the client left before the answer"
            );
        }
    }
}
