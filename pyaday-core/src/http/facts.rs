//! What is known of an operation without a request.

use std::fmt;
use std::hash::{Hash, Hasher};

use http::{HeaderName, Method, StatusCode};
use serde_json::Value;

use super::options::Options;
use super::problem_type::ProblemType;

/// A group of endpoints that is mounted as one, at a path that the host chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blueprint {
    /// The catalogue and its packages.
    Packages,
    /// A random package.
    Rand,
    /// The package of the day.
    Daily,
    /// The OpenAPI document of all blueprints at their usual paths. It is right only where all of
    /// them are mounted together. A host that mounts some elsewhere makes a document of its own
    /// from [`openapi::document`](crate::openapi::document).
    OpenApi,
}

impl Blueprint {
    /// Every blueprint.
    pub const ALL: &'static [Self] = &[Self::Packages, Self::Rand, Self::Daily, Self::OpenApi];

    /// Where the blueprint is mounted when all are mounted together.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Packages => "/packages",
            Self::Rand => "/rand",
            Self::Daily => "/daily",
            Self::OpenApi => "/openapi.json",
        }
    }

    /// The blueprint's name in the OpenAPI document.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Rand => "rand",
            Self::Daily => "daily",
            Self::OpenApi => "openapi",
        }
    }
}

/// An operation of the catalogue: a method of an [`Endpoint`](crate::Endpoint) and what it does.
///
/// It is named as the function that carries it out, such as
/// [`read_package`](crate::read_package). A host that has to tell operations apart, in a guard or
/// a log, compares names:
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

    /// The name: that of the function that carries out the operation. Each operation has another.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The method. A `HEAD` asks for the operation of `GET`.
    #[must_use]
    pub const fn method(self) -> &'static Method {
        self.0.method
    }

    /// The blueprint that the operation belongs to.
    #[must_use]
    pub const fn blueprint(self) -> Blueprint {
        self.0.blueprint
    }

    /// The path below that of the blueprint, as [`Endpoint::path`](crate::Endpoint::path) has it.
    #[must_use]
    pub const fn path(self) -> &'static str {
        self.0.path
    }

    /// What the operation does, in a few words for people.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        self.0.summary
    }

    /// True if the operation only reads: its method is safe
    /// ([RFC 9110 §9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1)).
    #[must_use]
    pub fn is_safe(self) -> bool {
        self.0.method.is_safe()
    }

    /// The media type of the body that the operation takes; `None` if it ignores a body.
    #[must_use]
    pub fn media_type(self) -> Option<&'static str> {
        self.0.body.as_ref().map(|body| body.media_type)
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

// Facts refer to methods, because only values without a destructor can be put together in a const.
pub(crate) const GET: &Method = &Method::GET;
pub(crate) const POST: &Method = &Method::POST;
pub(crate) const PUT: &Method = &Method::PUT;
pub(crate) const PATCH: &Method = &Method::PATCH;
pub(crate) const DELETE: &Method = &Method::DELETE;

/// The row of an operation: from these are made the table of endpoints, the dispatch, `Allow` and
/// the OpenAPI document.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) method: &'static Method,
    pub(crate) blueprint: Blueprint,
    /// Below that of the blueprint: empty, or segments that are fixed or a variable in braces.
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// More about it, for the OpenAPI document; may be empty.
    pub(crate) description: &'static str,
    pub(crate) body: Option<RequestBody>,
    /// The parameters of the query, as OpenAPI describes them.
    pub(crate) query: fn(&Options) -> Vec<Value>,
    pub(crate) conditions: Conditions,
    /// Fields of a request that the answer depends on, besides those of conditions and bodies.
    pub(crate) request_fields: &'static [HeaderName],
    /// The problems that the operation may answer with. A wrong method is the endpoint's.
    pub(crate) problems: &'static [ProblemType],
    pub(crate) success: Success,
}

/// The body that an operation takes.
#[derive(Clone, Copy)]
pub(crate) struct RequestBody {
    pub(crate) media_type: &'static str,
    /// The name of its schema in the OpenAPI document.
    pub(crate) schema: &'static str,
    pub(crate) example: fn() -> Value,
}

/// Whether an operation evaluates `If-Match` and `If-None-Match`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Conditions {
    Ignored,
    Optional,
    /// A host may ask that each request has `If-Match`.
    MayBeRequired,
}

/// The answer of an operation that has done what was asked.
#[derive(Clone, Copy)]
pub(crate) struct Success {
    pub(crate) status: StatusCode,
    pub(crate) description: &'static str,
    pub(crate) caching: Caching,
    pub(crate) has_entity_tag: bool,
    pub(crate) fields: &'static [ResponseField],
    pub(crate) content: Option<Content>,
    /// Requests that the client can make with what it knows now, as OpenAPI's links.
    pub(crate) links: fn() -> Option<Value>,
}

/// What `Cache-Control` says.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Caching {
    NoCache,
    NoStore,
    /// How long a cache may keep the answer, and which caches may.
    MaxAge,
}

/// A field of an answer that not every answer has.
#[derive(Clone, Copy)]
pub(crate) struct ResponseField {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) is_required: bool,
    /// True if the answer 304 has the field too.
    pub(crate) is_metadata: bool,
    pub(crate) schema: fn() -> Value,
}

/// The content of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) schema: fn() -> Value,
}

impl Facts {
    /// What reads have in common.
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
        }
    }

    /// What writes have in common.
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
    /// 200, with content that has an entity tag.
    pub(crate) const fn content(description: &'static str, content: Content) -> Self {
        Self {
            status: StatusCode::OK,
            description,
            caching: Caching::NoCache,
            has_entity_tag: true,
            fields: &[],
            content: Some(content),
            links: || None,
        }
    }

    /// 204.
    pub(crate) const fn no_content(description: &'static str) -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            description,
            caching: Caching::NoStore,
            has_entity_tag: false,
            fields: &[],
            content: None,
            links: || None,
        }
    }
}
