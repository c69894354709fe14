//! Anyone reads, and those who have signed in write.

use pyaday_core::{Options, Verdict};

/// The options of a catalogue that anyone may read, and everyone who has signed in may write.
pub fn options() -> Options {
    Options::new().guard(|actor, access| match actor {
        None if access.is_write() => Verdict::Unauthenticated { challenge: "Bearer".into() },
        _ => Verdict::Allow,
    })
}
