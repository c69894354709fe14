//! The head of a request, as operations read it.

use std::str::FromStr;

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use percent_encoding::percent_decode_str;

use super::authority::MAX_HOST_BYTES;
use super::change_note;
use super::conditions::Preconditions;
use super::options::Options;
use super::path;
use super::problem::Problem;
use super::query::digits;
use crate::daily::Date;
use crate::history::ChangeNote;
use crate::package::{NormalizedName, Revision};
use crate::store::Actor;

/// The head of a request for an operation, and the options of the service.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) options: &'a Options,
    pub(crate) parts: &'a Parts,
    /// The path of the endpoint.
    template: &'static str,
}

impl<'a> Head<'a> {
    pub(crate) fn new(options: &'a Options, parts: &'a Parts, template: &'static str) -> Self {
        Self { options, parts, template }
    }

    /// The conditions of the request.
    pub(crate) fn conditions(&self) -> Preconditions {
        Preconditions::from_headers(&self.parts.method, &self.parts.headers)
    }

    /// Who makes the request, if the host knows it.
    pub(crate) fn actor(&self) -> Option<&'a Actor> {
        self.parts.extensions.get()
    }

    /// What the author of the write says about it.
    pub(crate) fn note(&self) -> Result<Option<ChangeNote>, Problem> {
        change_note::read(&self.parts.headers)
    }

    /// True if the path of the endpoint has variables.
    pub(crate) fn has_variables(&self) -> bool {
        self.template.contains('{')
    }

    /// The number of segments of the endpoint's path.
    #[cfg(feature = "desk")]
    pub(crate) fn depth(&self) -> u8 {
        path::depth(self.template)
    }

    /// The package that the path names.
    ///
    /// The core decodes the name itself: frameworks decode in different ways, and the host's prefix
    /// may contain a variable that must not be mistaken for the name. A text that is not a valid
    /// name cannot be the name of a package, so the result is the problem 404.
    pub(crate) fn name(&self) -> Result<NormalizedName, Problem> {
        self.variable("name").ok_or_else(Problem::package_not_found)
    }

    /// The date that the path names.
    pub(crate) fn date(&self) -> Result<Date, Problem> {
        self.variable("date").ok_or_else(Problem::invalid_date)
    }

    /// The revision of the change that the path names. No change has the revision 0, and each revision
    /// is written in one way.
    pub(crate) fn revision(&self) -> Result<Revision, Problem> {
        let text = self.variable::<String>("revision");
        let number = text.filter(|text| !text.starts_with('0')).and_then(|text| digits(&text));
        number.map(Revision::new).ok_or_else(Problem::change_not_found)
    }

    /// The value of a variable in the path. `None` if the type does not accept it.
    pub(crate) fn variable<T: FromStr>(&self, name: &str) -> Option<T> {
        let segment = path::variable(self.template, self.path(), name)?;
        match segment.contains('%') {
            true => percent_decode_str(segment).decode_utf8().ok()?.parse().ok(),
            false => segment.parse().ok(),
        }
    }

    /// The query, as the client sent it.
    pub(crate) fn query(&self) -> &'a str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The whole path, as the client sent it.
    pub(crate) fn path(&self) -> &'a str {
        self.parts.uri.path()
    }

    /// The URL of the request without its query. It is a path unless the host has a public URL.
    pub(crate) fn url(&self) -> String {
        self.options.reference(self.path())
    }

    /// The URL of the request with its query. Without a public URL it is the query alone: if there
    /// is a proxy, clients may not be able to use the scheme and authority of the request.
    pub(crate) fn url_with_query(&self) -> String {
        let base = self.options.public_url.as_ref().map(|_| self.url());
        format!("{}?{}", base.unwrap_or_default(), self.query())
    }

    /// Makes an absolute URL from a path.
    pub(crate) fn absolute(&self, path: &str) -> String {
        match self.options.public_url {
            Some(_) => self.options.reference(path),
            None => format!("{}{path}", self.origin()),
        }
    }

    /// The scheme and authority that the client used, according to its request.
    fn origin(&self) -> String {
        // If the request's URL has an authority, it takes precedence over the field `Host` (RFC
        // 9112 §3.2.2). A URL with another scheme does not refer to this service, so no link is
        // made from it.
        let uri = &self.parts.uri;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
        let authority = scheme.and(uri.authority()).cloned();
        let field = || self.parts.headers.get(HOST)?.to_str().ok()?.parse::<Authority>().ok();
        let authority = authority.or_else(field).filter(|it| it.host().len() <= MAX_HOST_BYTES);
        let scheme = scheme.unwrap_or("http");
        match authority {
            Some(authority) => match authority.port() {
                Some(port) => format!("{scheme}://{}:{port}", authority.host()),
                None => format!("{scheme}://{}", authority.host()),
            },
            None => format!("{scheme}://localhost"),
        }
    }
}
