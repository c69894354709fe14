//! A resource: a path and its operations.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderName, Method};

use super::admission;
use super::change_note::CHANGE_NOTE;
use super::facts::{Blueprint, Conditions, Operation};
use super::form::Form;
use super::options::Options;
use super::path;

/// A resource: a path within its blueprint, and the operations on it.
///
/// The framework routes paths, and the core routes methods. An adapter goes through all endpoints
/// and registers the path of each with the framework's router, with one function for all methods.
/// So a new endpoint needs no change in an adapter.
#[derive(Debug)]
pub struct Endpoint {
    operations: &'static [Operation],
    /// The index of its first operation in the table of all operations.
    first: usize,
}

impl Endpoint {
    /// Makes an endpoint from the operations on one path. There must be at least one.
    pub(crate) const fn new(operations: &'static [Operation], first: usize) -> Self {
        Self { operations, first }
    }

    /// Returns the part of a raw path before the endpoint's own path: where its blueprint is
    /// mounted. Returns `None` if the path does not match the endpoint's path.
    ///
    /// ```
    /// use pyaday_core::Endpoint;
    ///
    /// let package = Endpoint::find("/packages/flask").unwrap();
    /// assert_eq!(package.split_mount("/api/pkgs/flask"), Some("/api/pkgs"));
    /// assert_eq!(package.split_mount("/api/pkgs/"), None);
    /// ```
    #[must_use]
    pub fn split_mount<'a>(&self, path: &'a str) -> Option<&'a str> {
        path::split_mount(self.path(), path)
    }

    /// The blueprint that the endpoint belongs to.
    #[must_use]
    pub fn blueprint(&self) -> Blueprint {
        self.operations[0].blueprint()
    }

    /// The path below the path of the blueprint: `/pins/{date}`. It is empty, or consists of
    /// segments. A segment is fixed text or a variable, in the syntax that the routers of axum and
    /// actix-web share.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.operations[0].path()
    }

    /// How responses show a problem.
    pub(crate) fn form(&self) -> Form {
        Form::of(self.operations[0].facts())
    }

    /// The path if all blueprints are mounted together: `/packages/{name}`.
    #[must_use]
    pub fn full_path(&self) -> String {
        format!("{}{}", self.blueprint().path(), self.path())
    }

    /// The operations, one for each method. `HEAD` and `OPTIONS` are not listed: `HEAD` belongs to
    /// `GET`, and every endpoint has `OPTIONS`.
    #[must_use]
    pub fn operations(&self) -> &'static [Operation] {
        self.operations
    }

    /// The operation for a method.
    #[must_use]
    pub fn operation(&self, method: &Method) -> Option<Operation> {
        self.position(method).map(|at| self.operations[at])
    }

    /// The index of a method's operation in the table of all operations.
    pub(crate) fn row(&self, method: &Method) -> Option<usize> {
        self.position(method).map(|at| self.first + at)
    }

    fn position(&self, method: &Method) -> Option<usize> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().position(|operation| operation.method() == method)
    }

    /// The request fields that responses depend on, with these options. An adapter that must convert
    /// fields needs to convert no others.
    #[must_use]
    pub fn request_headers(&self, options: &Options) -> Vec<HeaderName> {
        let facts = || self.operations.iter().map(|operation| operation.facts());
        let mut fields = admission::request_fields(options, self.operations);
        if facts().any(|facts| facts.conditions != Conditions::Ignored) {
            fields.extend([IF_MATCH, IF_NONE_MATCH]);
        }
        if facts().any(|facts| !facts.method.is_safe()) {
            fields.push(CHANGE_NOTE);
        }
        if facts().any(|facts| facts.body.is_some()) {
            fields.extend([CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING]);
        }
        for field in facts().flat_map(|facts| facts.request_fields) {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        fields
    }

    /// The media type of the patches that the endpoint accepts, for the field `Accept-Patch` ([RFC
    /// 5789 §3.1](https://www.rfc-editor.org/rfc/rfc5789#section-3.1)).
    #[must_use]
    pub fn accept_patch(&self) -> Option<&'static str> {
        self.operation(&Method::PATCH)?.media_type()
    }

    /// All methods of the endpoint, in the form of the field `Allow` ([RFC 9110
    /// §10.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.1)).
    #[must_use]
    pub fn allow(&self) -> String {
        let mut allow = String::new();
        for operation in self.operations {
            allow.push_str(operation.method().as_str());
            allow.push_str(if operation.method() == Method::GET { ", HEAD, " } else { ", " });
        }
        allow + "OPTIONS"
    }
}
