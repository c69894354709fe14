//! Error responses as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::form::Form;
use super::problem_type::ProblemType;
use crate::package::FieldError;

/// An error that is ready to be sent to a client.
///
/// The catalogue reports problems of a [`ProblemType`]. A host can also make its own problems:
///
/// ```
/// use http::StatusCode;
/// use pyaday_core::{Options, Problem, encode};
///
/// let problem = Problem::new(
///     "https://example.org/problems/quota",
///     "The quota is used up",
///     StatusCode::TOO_MANY_REQUESTS,
///     "You have added 100 packages today. Add more tomorrow.",
/// )
/// .with_member("limit", 100);
/// let response = encode(&Options::new(), Err(problem));
/// assert_eq!(response.status(), 429);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// ```
///
/// [`source`](Error::source) is the cause, if there is one (for example, a
/// [`StoreError`](crate::StoreError)). It is for the host's log. Clients never see it.
#[derive(Debug)]
pub struct Problem {
    identity: Identity,
    detail: Cow<'static, str>,
    /// The parts that most problems do not have.
    more: Option<Box<More>>,
}

#[derive(Debug)]
enum Identity {
    Own(ProblemType),
    Host(Box<HostIdentity>),
}

/// The type of a problem that a host defines.
#[derive(Debug)]
struct HostIdentity {
    type_uri: String,
    title: String,
    status: StatusCode,
}

#[derive(Debug, Default)]
struct More {
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    header: Option<(HeaderName, HeaderValue)>,
    source: Option<Box<dyn Error + Send + Sync>>,
    form: Form,
}

impl Problem {
    /// The members that RFC 9457 defines, and `errors`, the catalogue's list of faults.
    const RESERVED: [&str; 5] = ["type", "title", "status", "detail", "errors"];

    /// Makes a problem of the host's own type.
    ///
    /// `type_uri` is a URI that identifies the type of the problem. `title` is a summary for
    /// people, which is the same each time. `detail` says what went wrong this time, and what the
    /// client can do ([RFC 9457 §3.1](https://www.rfc-editor.org/rfc/rfc9457#section-3.1)).
    #[must_use]
    pub fn new(
        type_uri: impl Into<String>,
        title: impl Into<String>,
        status: StatusCode,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (type_uri, title) = (type_uri.into(), title.into());
        let identity = Identity::Host(Box::new(HostIdentity { type_uri, title, status }));
        Self { identity, detail: detail.into(), more: None }
    }

    /// Makes a problem of one of the catalogue's types.
    pub(crate) fn of(kind: ProblemType, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { identity: Identity::Own(kind), detail: detail.into(), more: None }
    }

    /// Adds an extension member ([RFC 9457
    /// §3.2](https://www.rfc-editor.org/rfc/rfc9457#section-3.2)). It replaces an earlier member of
    /// the same name. The members `type`, `title`, `status`, `detail` and `errors` are not
    /// extensions, so a value for one of them is ignored.
    #[must_use]
    pub fn with_member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        if !Self::RESERVED.contains(&&*name) {
            self.more().members.insert(name, value.into());
        }
        self
    }

    /// Adds the cause, for the host's log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.more().source = Some(source.into());
        self
    }

    /// Sets how the response shows the problem.
    pub(crate) fn in_form(mut self, form: Form) -> Self {
        if form != Form::default() {
            self.more().form = form;
        }
        self
    }

    /// How the response shows the problem.
    pub(crate) fn form(&self) -> Form {
        self.more.as_ref().map(|more| more.form).unwrap_or_default()
    }

    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.more().errors = errors;
        self
    }

    /// Adds a field to the response. A value that is not valid in a field is left out.
    pub(crate) fn with_header(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Self {
        if let Ok(value) = HeaderValue::from_bytes(value.as_ref()) {
            self.more().header = Some((name, value));
        }
        self
    }

    /// The representation as JSON.
    ///
    /// A request for a package that does not exist is as frequent as its client likes, so that
    /// problem is rendered only once. This saves a third of the instructions of such a request.
    pub(crate) fn json(&self) -> Bytes {
        static PACKAGE_NOT_FOUND: LazyLock<&[u8]> =
            LazyLock::new(|| Problem::package_not_found().render().leak());

        let is_plain = self.more.is_none() && self.kind() == Some(ProblemType::PackageNotFound);
        match is_plain && self.detail == Self::NO_SUCH_PACKAGE {
            true => Bytes::from_static(&PACKAGE_NOT_FOUND),
            false => self.render().into(),
        }
    }

    fn render(&self) -> Vec<u8> {
        // Serialising texts and numbers into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// The type of the problem. `None` if the host defined the type.
    #[must_use]
    pub fn kind(&self) -> Option<ProblemType> {
        match self.identity {
            Identity::Own(kind) => Some(kind),
            Identity::Host(_) => None,
        }
    }

    /// The URI that identifies the type of the problem.
    #[must_use]
    pub fn type_uri(&self) -> Cow<'_, str> {
        match &self.identity {
            Identity::Own(kind) => kind.urn().into(),
            Identity::Host(host) => (&*host.type_uri).into(),
        }
    }

    /// The summary for people, which is the same for each problem of the type.
    #[must_use]
    pub fn title(&self) -> &str {
        match &self.identity {
            Identity::Own(kind) => kind.title(),
            Identity::Host(host) => &host.title,
        }
    }

    /// The status code of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.identity {
            Identity::Own(kind) => kind.status(),
            Identity::Host(host) => host.status,
        }
    }

    /// A sentence for people that says what went wrong this time.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The faults of an invalid package, in the form of
    /// [`InvalidPackage::errors`](crate::InvalidPackage::errors). Empty for problems of every other
    /// type.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        self.more.as_ref().map_or(&[], |more| &more.errors)
    }

    /// The additional field of the response, if there is one.
    pub(crate) fn header(&self) -> Option<&(HeaderName, HeaderValue)> {
        self.more.as_ref()?.header.as_ref()
    }

    /// The members of the problem details object ([RFC 9457
    /// §3.1](https://www.rfc-editor.org/rfc/rfc9457#section-3.1)).
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // The keys of the members are strings and the values are JSON, so this is always an
            // object.
            _ => Map::new(),
        }
    }
}

/// The problem details object.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("type", &self.type_uri())?;
        object.serialize_entry("title", self.title())?;
        object.serialize_entry("status", &self.status().as_u16())?;
        object.serialize_entry("detail", self.detail())?;
        if !self.errors().is_empty() {
            object.serialize_entry("errors", self.errors())?;
        }
        for (name, value) in self.more.iter().flat_map(|more| &more.members) {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title(), self.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.more.as_ref()?.source.as_ref()?;
        Some(&**source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_hosts_problem_follow_the_standard_ones() {
        let problem = Problem::new("https://example.org/x", "X", StatusCode::IM_A_TEAPOT, "Tea.")
            .with_member("status", 200)
            .with_member("pot", "blue")
            .with_member("pot", "red");
        let text = serde_json::to_string(&problem).unwrap_or_default();
        assert_eq!(
            text,
            r#"{"type":"https://example.org/x","title":"X","status":418,"detail":"Tea.","pot":"red"}"#
        );
        assert_eq!(problem.kind(), None);
    }
}
