//! The facts about an operation that do not depend on a request.

use std::fmt;
use std::hash::{Hash, Hasher};

use http::{HeaderName, Method, StatusCode};
use serde_json::Value;

use super::media_type::JSON;
use super::options::Options;
use super::problem_type::ProblemType;

/// A group of endpoints that a host mounts together, at a path of its choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blueprint {
    /// The list of packages, and each package.
    Packages,
    /// A random package.
    Rand,
    /// The package of the day.
    Daily,
    /// The changes of packages and pins, and their undo.
    Changes,
    /// The import and the export of many packages.
    Transfer,
    /// The desk: pages for people. Its links lead to the other blueprints at their default paths
    /// beside it, so it works only if all of them are mounted together. It is mounted only if the
    /// options [say so](crate::Options::desk).
    #[cfg(feature = "desk")]
    Desk,
    /// The OpenAPI document. It describes all blueprints at their default paths, so it is correct
    /// only if all of them are mounted together. A host that mounts some of them elsewhere makes
    /// its own document from [`openapi::document`](crate::openapi::document).
    OpenApi,
}

impl Blueprint {
    /// Every blueprint.
    pub const ALL: &'static [Self] = &[
        Self::Packages,
        Self::Rand,
        Self::Daily,
        Self::Changes,
        Self::Transfer,
        #[cfg(feature = "desk")]
        Self::Desk,
        Self::OpenApi,
    ];

    /// The default path of the blueprint. It is empty if each of its endpoints has a path of its own. Not
    /// every framework nests a router at an empty path: mount such a blueprint at the root.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Packages => "/packages",
            Self::Rand => "/rand",
            Self::Daily => "/daily",
            Self::Changes => "/changes",
            Self::Transfer => "",
            #[cfg(feature = "desk")]
            Self::Desk => "/desk",
            Self::OpenApi => "/openapi.json",
        }
    }

    /// The blueprint's name in the OpenAPI document.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Rand => "rand",
            Self::Daily => "daily",
            Self::Changes => "changes",
            Self::Transfer => "transfer",
            #[cfg(feature = "desk")]
            Self::Desk => "desk",
            Self::OpenApi => "openapi",
        }
    }
}

/// An operation of the catalogue: one method of an [`Endpoint`](crate::Endpoint).
///
/// Its name is the name of the function that carries it out, such as
/// [`read_package`](crate::read_package). A host that needs to distinguish operations, for access
/// control or a log, compares the names:
///
/// ```
/// use http::Method;
/// use pyaday_core::Endpoint;
///
/// let endpoint = Endpoint::find("/packages/flask").unwrap();
/// let operation = endpoint.operation(&Method::DELETE).unwrap();
/// assert_eq!(operation.name(), "delete_package");
/// assert!(!operation.is_safe());
/// ```
#[derive(Clone, Copy)]
pub struct Operation(&'static Facts);

impl Operation {
    pub(crate) const fn new(facts: &'static Facts) -> Self {
        Self(facts)
    }

    pub(crate) const fn facts(self) -> &'static Facts {
        self.0
    }

    /// The name, which is also the name of the function that carries out the operation. Each
    /// operation has a different name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The method. A `HEAD` request gets the operation of `GET`.
    #[must_use]
    pub const fn method(self) -> &'static Method {
        self.0.method
    }

    /// The blueprint that the operation belongs to.
    #[must_use]
    pub const fn blueprint(self) -> Blueprint {
        self.0.blueprint
    }

    /// The path below the path of the blueprint, in the form of
    /// [`Endpoint::path`](crate::Endpoint::path).
    #[must_use]
    pub const fn path(self) -> &'static str {
        self.0.path
    }

    /// A short description of the operation, for people.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        self.0.summary
    }

    /// True if the operation only reads, because its method is safe ([RFC 9110
    /// §9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1)).
    #[must_use]
    pub fn is_safe(self) -> bool {
        self.0.method.is_safe()
    }

    /// The media type of the request body. `None` if the operation ignores the body. An operation
    /// may accept [others](Self::media_types) too.
    #[must_use]
    pub fn media_type(self) -> Option<&'static str> {
        self.0.body.as_ref().map(|body| body.media_type)
    }

    /// All media types that the request body may have. Empty if the operation ignores the body.
    #[must_use]
    pub fn media_types(self) -> Vec<&'static str> {
        self.0.body.as_ref().map(RequestBody::media_types).unwrap_or_default()
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Operation {}

impl Hash for Operation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Operation").field(&self.name()).finish()
    }
}

// The facts hold references to methods, because a const can only be built from values without a
// destructor.
pub(crate) const GET: &Method = &Method::GET;
pub(crate) const POST: &Method = &Method::POST;
pub(crate) const PUT: &Method = &Method::PUT;
pub(crate) const PATCH: &Method = &Method::PATCH;
pub(crate) const DELETE: &Method = &Method::DELETE;

/// The row of an operation in the table. The endpoints, the dispatch, the `Allow` field and the
/// OpenAPI document are made from these rows.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) method: &'static Method,
    pub(crate) blueprint: Blueprint,
    /// The path below the blueprint's path. It is empty, or consists of segments. A segment is
    /// fixed text or a variable in braces.
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// A longer description for the OpenAPI document. It may be empty.
    pub(crate) description: &'static str,
    pub(crate) body: Option<RequestBody>,
    /// The query parameters, as OpenAPI describes them.
    pub(crate) query: fn(&Options) -> Vec<Value>,
    pub(crate) conditions: Conditions,
    /// Other request fields that the response depends on, besides the fields of conditions and
    /// bodies.
    pub(crate) request_fields: &'static [HeaderName],
    /// The problems that the operation may report. A wrong method is reported by the endpoint.
    pub(crate) problems: &'static [ProblemType],
    pub(crate) success: Success,
    /// The response to a request that only asks what a write would do.
    pub(crate) preview: Option<Success>,
    /// False if the response is the same for everyone and contains nothing of the catalogue. Then
    /// the guard is not asked.
    pub(crate) is_guarded: bool,
}

/// The request body of an operation.
#[derive(Clone, Copy)]
pub(crate) struct RequestBody {
    pub(crate) media_type: &'static str,
    /// Other media types that are accepted too.
    pub(crate) other_media_types: &'static [&'static str],
    /// The name of its schema in the OpenAPI document.
    pub(crate) schema: &'static str,
    pub(crate) example: fn() -> Value,
    /// The maximum length, in bytes.
    pub(crate) limit: fn(&Options) -> usize,
    /// The problem of a body that cannot be read.
    pub(crate) malformed: ProblemType,
    /// True if only so many requests at once may send a long body.
    pub(crate) has_turns: bool,
}

impl RequestBody {
    /// A body of JSON that describes one package or pin.
    pub(crate) const fn json(schema: &'static str, example: fn() -> Value) -> Self {
        Self::new(JSON, schema, example)
    }

    /// A body of one media type, which describes one package or pin.
    pub(crate) const fn new(
        media_type: &'static str,
        schema: &'static str,
        example: fn() -> Value,
    ) -> Self {
        Self {
            media_type,
            other_media_types: &[],
            schema,
            example,
            limit: |options| options.body_limit,
            malformed: ProblemType::MalformedJson,
            has_turns: false,
        }
    }

    /// All media types that are accepted.
    pub(crate) fn media_types(&self) -> Vec<&'static str> {
        [&[self.media_type], self.other_media_types].concat()
    }
}

/// Whether an operation evaluates `If-Match` and `If-None-Match`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Conditions {
    Ignored,
    Optional,
    /// A host may require `If-Match` in each request.
    MayBeRequired,
}

/// The response of an operation that succeeded.
#[derive(Clone, Copy)]
pub(crate) struct Success {
    pub(crate) status: StatusCode,
    pub(crate) description: &'static str,
    pub(crate) caching: Caching,
    pub(crate) has_entity_tag: bool,
    pub(crate) fields: &'static [ResponseField],
    pub(crate) content: Option<Content>,
    /// The content in another format, if the request asks for that.
    pub(crate) other_content: Option<Content>,
    /// The OpenAPI links: requests that the client can make next.
    pub(crate) links: fn() -> Option<Value>,
}

/// The value of `Cache-Control`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Caching {
    NoCache,
    NoStore,
    /// The response states how long a cache may keep it, and which caches may.
    MaxAge,
    /// The response never changes.
    Immutable,
    /// The response never changes if the request is about the past.
    ImmutablePast,
}

/// A response field that only some responses have.
#[derive(Clone, Copy)]
pub(crate) struct ResponseField {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) is_required: bool,
    /// True if a 304 response has the field too.
    pub(crate) is_metadata: bool,
    pub(crate) schema: fn() -> Value,
}

/// The content of a response.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) schema: fn() -> Value,
}

impl Facts {
    /// The maximum length of the body, in bytes. `None` if the operation takes no body.
    pub(crate) fn body_limit(&self, options: &Options) -> Option<usize> {
        self.body.as_ref().map(|body| (body.limit)(options))
    }

    /// The values that reads have in common.
    pub(crate) const fn read(name: &'static str, blueprint: Blueprint, path: &'static str) -> Self {
        Self {
            name,
            method: GET,
            blueprint,
            path,
            summary: "",
            description: "",
            body: None,
            query: |_| Vec::new(),
            conditions: Conditions::Optional,
            request_fields: &[],
            problems: &[],
            success: Success::no_content(""),
            preview: None,
            is_guarded: true,
        }
    }

    /// The values that writes have in common.
    pub(crate) const fn write(
        name: &'static str,
        method: &'static Method,
        blueprint: Blueprint,
        path: &'static str,
    ) -> Self {
        let conditions = Conditions::MayBeRequired;
        Self { method, conditions, ..Self::read(name, blueprint, path) }
    }
}

impl Success {
    /// Status 200, with content that has an entity tag.
    pub(crate) const fn content(description: &'static str, content: Content) -> Self {
        Self {
            status: StatusCode::OK,
            description,
            caching: Caching::NoCache,
            has_entity_tag: true,
            fields: &[],
            content: Some(content),
            other_content: None,
            links: || None,
        }
    }

    /// Status 204, without content.
    pub(crate) const fn no_content(description: &'static str) -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            description,
            caching: Caching::NoStore,
            has_entity_tag: false,
            fields: &[],
            content: None,
            other_content: None,
            links: || None,
        }
    }
}
