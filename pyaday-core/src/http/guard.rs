//! The guard of a host: it decides who may do what.

use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;

use super::facts::Operation;
use super::head::Head;
use super::options::Options;
use super::problem::Problem;
use crate::daily::Date;
use crate::package::NormalizedName;
use crate::store::Actor;

/// What a request asks for: an operation, and the package or the day that its path names. It is an
/// argument of the [guard](crate::Options::guard).
///
/// The guard is asked before the body of the request is read. So a request that adds a package, or
/// that lists packages, has no name.
///
/// ```
/// use http::Method;
/// use pyaday_core::{Access, Endpoint};
///
/// let endpoint = Endpoint::find("/packages/flask").unwrap();
/// let operation = endpoint.operation(&Method::DELETE).unwrap();
/// let access = Access::new(operation).with_name("flask".parse()?);
/// assert!(access.is_write());
/// assert_eq!(access.operation().name(), "delete_package");
/// assert_eq!(access.name().map(|name| name.as_str()), Some("flask"));
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    operation: Operation,
    name: Option<NormalizedName>,
    date: Option<Date>,
}

impl Access {
    /// Makes the access to an operation. With it, a host can test its guard.
    #[must_use]
    pub fn new(operation: Operation) -> Self {
        Self { operation, name: None, date: None }
    }

    /// Sets the package that the access is about.
    #[must_use]
    pub fn with_name(self, name: NormalizedName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Sets the day that the access is about.
    #[must_use]
    pub fn with_date(self, date: Date) -> Self {
        Self { date: Some(date), ..self }
    }

    /// The operation. A `HEAD` request is an access to the operation of `GET`.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// True if the operation may change something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        !self.operation.is_safe()
    }

    /// The normalised name of the package that the path names. `None` if the path names no package,
    /// or if its text is not a valid name. Such a request is answered 404.
    ///
    /// A request may change packages that its path does not name, such as an undo. Then the guard is
    /// asked again for each of them, before the first one is changed.
    #[must_use]
    pub fn name(&self) -> Option<&NormalizedName> {
        self.name.as_ref()
    }

    /// The day that the path names. `None` if the path names no day, or if its text is not a valid
    /// date. Such a request is answered 400.
    ///
    /// For each pin that an undo changes, the guard is asked again with its day and its package.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.date
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("operation", &self.operation.name())
            .field("name", &self.name.as_ref().map(NormalizedName::as_str))
            .field("date", &self.date)
            .finish()
    }
}

/// What a [guard](crate::Options::guard) decides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The request is carried out.
    Allow,
    /// 401: the client must sign in first.
    Unauthenticated {
        /// How to sign in: the value of the field `WWW-Authenticate`, such as `Bearer` or
        /// `Basic realm="packages"` ([RFC 9110
        /// §11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)). If the value is empty
        /// or cannot be in a field, the request is refused with 500.
        challenge: Cow<'static, str>,
    },
    /// 403: this actor may not do this.
    Forbidden,
    /// 404: the response is, byte for byte, one that the operation gives to a valid request for
    /// something that does not exist. So such a request does not show whether something is hidden or
    /// absent:
    ///
    /// - If the path names a package: the response for a package that does not exist.
    /// - If the path names a day: the response for a day before the first one, or for a day without
    ///   a pin.
    /// - `/rand` and `/daily`: the response of an empty catalogue.
    ///
    /// Other operations, such as the list, have no other 404. Their response says that there is nothing
    /// at this URL. A request that is not valid gets this response too, where it would get 400 or 415
    /// if nothing were hidden.
    Hidden,
}

/// The function of the host.
pub(crate) type Guard = dyn Fn(Option<&Actor>, &Access) -> Verdict + Send + Sync;

/// Asks the guard whether the request may be carried out.
#[inline]
pub(crate) fn ask(guard: &Guard, operation: Operation, head: &Head<'_>) -> Result<(), Problem> {
    let mut access = Access::new(operation);
    if head.has_variables() {
        access.name = head.variable("name");
        access.date = head.variable("date");
    }
    match guard(head.actor(), &access) {
        Verdict::Allow => Ok(()),
        verdict => obey(verdict, &access),
    }
}

/// Asks the guard about an access that is not the one of the request.
pub(crate) fn ask_about(
    options: &Options,
    actor: Option<&Actor>,
    access: impl FnOnce() -> Access,
) -> Result<(), Problem> {
    let Some(guard) = &options.guard else {
        return Ok(());
    };
    let access = access();
    match guard(actor, &access) {
        Verdict::Allow => Ok(()),
        verdict => obey(verdict, &access),
    }
}

/// Refuses the request, unless the verdict allows it.
fn obey(verdict: Verdict, access: &Access) -> Result<(), Problem> {
    Err(match verdict {
        Verdict::Allow => return Ok(()),
        Verdict::Unauthenticated { challenge } => match HeaderValue::from_str(&challenge) {
            Ok(challenge) if !challenge.is_empty() => Problem::unauthenticated(challenge),
            _ => {
                let source = format!("the guard's challenge {challenge:?} cannot be in a field");
                Problem::internal().with_source(source)
            }
        },
        Verdict::Hidden => Problem::hidden(access.operation.facts(), access.date),
        Verdict::Forbidden => Problem::forbidden(),
    })
}
