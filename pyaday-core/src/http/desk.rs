//! How a host mounts the desk.

use std::fmt;

use super::guard::{Access, Guard, Verdict};
use crate::store::Actor;

/// How a host mounts the desk: who may use its pages, and where people sign in.
///
/// Readers find packages, days and changes on the pages, and take a search as a file. Curators edit one
/// package or many, pin days, take changes back and, with the feature `import`, import files and tables.
/// The pages write through the other operations, so a guard allows or refuses those as it always does.
///
/// The desk is mounted only if the host gives one of these to
/// [`Options::desk`](crate::Options::desk). A host decides who may use the pages when it makes the
/// value, so no desk is open by accident.
///
/// ```
/// use pyaday_core::{Desk, Options, Verdict};
///
/// // Anyone reads, curators write.
/// let desk = Desk::guarded_by(|actor, access| match actor {
///     _ if !access.is_write() => Verdict::Allow,
///     Some(actor) if actor.has_role("curator") => Verdict::Allow,
///     Some(_) => Verdict::Forbidden,
///     None => Verdict::Unauthenticated { challenge: "Bearer".into() },
/// });
/// let options = Options::new().desk(desk.sign_in_at("sign-in"));
/// ```
pub struct Desk {
    pub(super) guard: Option<Box<Guard>>,
    sign_in: Option<Box<str>>,
}

impl Desk {
    /// A desk for those whom this guard allows. The guard becomes the [guard of the whole
    /// service](crate::Options::guard): the pages read and write what the other operations do, so
    /// there is only one.
    ///
    /// A page asks the guard about itself and about each operation that it offers, and leaves out
    /// what the guard does not allow.
    #[must_use]
    pub fn guarded_by(
        guard: impl Fn(Option<&Actor>, &Access) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { guard: Some(Box::new(guard)), sign_in: None }
    }

    /// A desk for everyone who can reach the service. If the options have a guard, the pages ask it
    /// all the same.
    #[must_use]
    pub fn open_to_all() -> Self {
        Self { guard: None, sign_in: None }
    }

    /// The URL of the host's own page where people sign in and out. The pages link to it.
    ///
    /// It is relative to the URL below which all blueprints are mounted: with `sign-in`, the pages
    /// at `/api/desk` link to `/api/sign-in`. It may also be a path that begins with `/`, or an
    /// absolute URL. By default the pages have no such link.
    #[must_use]
    pub fn sign_in_at(self, url: &str) -> Self {
        Self { sign_in: Some(url.into()), ..self }
    }

    pub(crate) fn sign_in(&self) -> Option<&str> {
        self.sign_in.as_deref()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("sign_in", &self.sign_in).finish_non_exhaustive()
    }
}
