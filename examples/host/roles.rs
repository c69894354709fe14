//! Those who have signed in read, and curators write.

use pyaday_core::{Access, Actor, Verdict};

/// A guard: `Options::new().guard(by_role)`.
pub fn by_role(actor: Option<&Actor>, access: &Access) -> Verdict {
    match actor {
        None => Verdict::Unauthenticated { challenge: "Bearer".into() },
        Some(actor) if access.is_write() && !actor.has_role("curator") => Verdict::Forbidden,
        Some(_) => Verdict::Allow,
    }
}
