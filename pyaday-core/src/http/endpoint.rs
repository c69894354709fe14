//! What is served where: the table of endpoints.
//!
//! Frameworks route paths, the core routes methods. An adapter walks the table and registers each
//! path with its framework's router, all methods to the same function; a new endpoint is a new row
//! here and no change there.

use http::Method;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, IF_MATCH, IF_NONE_MATCH,
};

/// A group of endpoints that is mounted as one, at a path of the host's choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blueprint {
    /// The catalogue and its packages.
    Packages,
    /// A random package.
    Rand,
    /// The package of the day.
    Daily,
    /// The OpenAPI document of all blueprints at their usual paths: right only where all of them
    /// are mounted together. A host that mounts some elsewhere makes its own of
    /// [`openapi::document`](crate::openapi::document).
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

    /// The blueprint's name, in documentation.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Rand => "rand",
            Self::Daily => "daily",
            Self::OpenApi => "openapi",
        }
    }

    /// The blueprint's rows of the table.
    pub fn endpoints(self) -> impl Iterator<Item = &'static Endpoint> {
        Endpoint::ALL.iter().filter(move |endpoint| endpoint.blueprint == self)
    }
}

/// A resource: a path within its blueprint and the methods it has.
#[derive(Debug)]
pub struct Endpoint {
    blueprint: Blueprint,
    path: &'static str,
    operations: &'static [(Method, Operation)],
}

/// The media type of a package's representation.
pub(crate) const JSON: &str = "application/json";
/// The media type of an Atom feed ([RFC 4287 §7](https://www.rfc-editor.org/rfc/rfc4287#section-7)).
pub(crate) const ATOM: &str = "application/atom+xml";
/// The media type of a JSON Feed.
pub(crate) const FEED_JSON: &str = "application/feed+json";
/// The media type of a patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)).
pub(crate) const MERGE_PATCH_JSON: &str = "application/merge-patch+json";

/// What a method of an endpoint does; named as the functions that do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`list_packages`](crate::list_packages)
    ListPackages,
    /// [`create_package`](crate::create_package)
    CreatePackage,
    /// [`read_package`](crate::read_package)
    ReadPackage,
    /// [`update_package`](crate::update_package)
    UpdatePackage,
    /// [`patch_package`](crate::patch_package)
    PatchPackage,
    /// [`delete_package`](crate::delete_package)
    DeletePackage,
    /// [`read_random_package`](crate::read_random_package)
    ReadRandomPackage,
    /// [`read_today`](crate::read_today)
    ReadToday,
    /// [`read_atom_feed`](crate::read_atom_feed)
    ReadAtomFeed,
    /// [`read_json_feed`](crate::read_json_feed)
    ReadJsonFeed,
    /// [`read_day`](crate::read_day)
    ReadDay,
    /// [`list_pins`](crate::list_pins)
    ListPins,
    /// [`read_pin`](crate::read_pin)
    ReadPin,
    /// [`pin_day`](crate::pin_day)
    PinDay,
    /// [`unpin_day`](crate::unpin_day)
    UnpinDay,
    /// [`read_openapi`](crate::read_openapi)
    ReadOpenApi,
}

impl Operation {
    /// The name of the function that does the operation.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::ListPackages => "list_packages",
            Self::CreatePackage => "create_package",
            Self::ReadPackage => "read_package",
            Self::UpdatePackage => "update_package",
            Self::PatchPackage => "patch_package",
            Self::DeletePackage => "delete_package",
            Self::ReadRandomPackage => "read_random_package",
            Self::ReadToday => "read_today",
            Self::ReadAtomFeed => "read_atom_feed",
            Self::ReadJsonFeed => "read_json_feed",
            Self::ReadDay => "read_day",
            Self::ListPins => "list_pins",
            Self::ReadPin => "read_pin",
            Self::PinDay => "pin_day",
            Self::UnpinDay => "unpin_day",
            Self::ReadOpenApi => "read_openapi",
        }
    }

    /// True if the operation only reads: its method is safe
    /// ([RFC 9110 §9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1)).
    #[must_use]
    pub const fn is_safe(self) -> bool {
        match self {
            Self::ListPackages
            | Self::ReadPackage
            | Self::ReadRandomPackage
            | Self::ReadToday
            | Self::ReadAtomFeed
            | Self::ReadJsonFeed
            | Self::ReadDay
            | Self::ListPins
            | Self::ReadPin
            | Self::ReadOpenApi => true,
            Self::CreatePackage
            | Self::UpdatePackage
            | Self::PatchPackage
            | Self::DeletePackage
            | Self::PinDay
            | Self::UnpinDay => false,
        }
    }

    /// The media type of the body that the operation takes; `None` if it ignores a body.
    #[must_use]
    pub const fn media_type(self) -> Option<&'static str> {
        match self {
            Self::CreatePackage | Self::UpdatePackage | Self::PinDay => Some(JSON),
            Self::PatchPackage => Some(MERGE_PATCH_JSON),
            Self::ListPackages
            | Self::ReadPackage
            | Self::DeletePackage
            | Self::ReadRandomPackage
            | Self::ReadToday
            | Self::ReadAtomFeed
            | Self::ReadJsonFeed
            | Self::ReadDay
            | Self::ListPins
            | Self::ReadPin
            | Self::UnpinDay
            | Self::ReadOpenApi => None,
        }
    }
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = &[
        Self {
            blueprint: Blueprint::Packages,
            path: "",
            operations: &[
                (Method::GET, Operation::ListPackages),
                (Method::POST, Operation::CreatePackage),
            ],
        },
        Self {
            blueprint: Blueprint::Packages,
            path: "/{name}",
            operations: &[
                (Method::GET, Operation::ReadPackage),
                (Method::PUT, Operation::UpdatePackage),
                (Method::PATCH, Operation::PatchPackage),
                (Method::DELETE, Operation::DeletePackage),
            ],
        },
        Self {
            blueprint: Blueprint::Rand,
            path: "",
            operations: &[(Method::GET, Operation::ReadRandomPackage)],
        },
        Self {
            blueprint: Blueprint::Daily,
            path: "",
            operations: &[(Method::GET, Operation::ReadToday)],
        },
        // Before the path with a date, which some routers would try first.
        Self {
            blueprint: Blueprint::Daily,
            path: "/feed.atom",
            operations: &[(Method::GET, Operation::ReadAtomFeed)],
        },
        Self {
            blueprint: Blueprint::Daily,
            path: "/feed.json",
            operations: &[(Method::GET, Operation::ReadJsonFeed)],
        },
        Self {
            blueprint: Blueprint::Daily,
            path: "/pins",
            operations: &[(Method::GET, Operation::ListPins)],
        },
        Self {
            blueprint: Blueprint::Daily,
            path: "/pins/{date}",
            operations: &[
                (Method::GET, Operation::ReadPin),
                (Method::PUT, Operation::PinDay),
                (Method::DELETE, Operation::UnpinDay),
            ],
        },
        Self {
            blueprint: Blueprint::Daily,
            path: "/{date}",
            operations: &[(Method::GET, Operation::ReadDay)],
        },
        Self {
            blueprint: Blueprint::OpenApi,
            path: "",
            operations: &[(Method::GET, Operation::ReadOpenApi)],
        },
    ];

    /// The endpoint of a path below the place where all blueprints are mounted: for a host without
    /// a router.
    ///
    /// `path` is as the client sent it, less the host's prefix: begins with `/`, is
    /// percent-encoded, has no query.
    ///
    /// ```
    /// use pyaday_core::Endpoint;
    ///
    /// let endpoint = Endpoint::find("/packages/flask").unwrap();
    /// assert_eq!(endpoint.path(), "/{name}");
    /// assert_eq!(endpoint.allow(), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    /// assert!(Endpoint::find("/packages/").is_none());
    /// ```
    #[must_use]
    pub fn find(path: &str) -> Option<&'static Self> {
        Self::ALL
            .iter()
            .find(|endpoint| endpoint.split_mount(path) == Some(endpoint.blueprint.path()))
    }

    /// The part of a raw path before this endpoint's own: where its blueprint is mounted. `None` if
    /// the path does not end as the endpoint's does.
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
        let Some((fixed, _)) = self.path.split_once('{') else {
            return path.strip_suffix(self.path);
        };
        let (_, name) = path.rsplit_once('/')?;
        let before = path.strip_suffix(name).filter(|_| !name.is_empty())?;
        before.strip_suffix(fixed)
    }

    /// The blueprint that the endpoint belongs to.
    #[must_use]
    pub fn blueprint(&self) -> Blueprint {
        self.blueprint
    }

    /// The path below the blueprint's own, a [URI Template](https://www.rfc-editor.org/rfc/rfc6570)
    /// in the form that the routers of axum and actix-web share: empty, fixed, or with one variable.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The path when all blueprints are mounted together: `/packages/{name}`.
    #[must_use]
    pub fn full_path(&self) -> String {
        format!("{}{}", self.blueprint.path(), self.path)
    }

    /// The endpoint's methods and what each does. `HEAD` goes with `GET`, and every endpoint has
    /// `OPTIONS`: neither is listed.
    #[must_use]
    pub fn operations(&self) -> &'static [(Method, Operation)] {
        self.operations
    }

    /// What a method does here.
    #[must_use]
    pub fn operation(&self, method: &Method) -> Option<Operation> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|(own, _)| own == method).map(|(_, operation)| *operation)
    }

    /// The request's fields that answers depend on: an adapter that must convert them needs no
    /// others.
    #[must_use]
    pub fn request_headers(&self) -> &'static [HeaderName] {
        static FIELDS: [HeaderName; 6] =
            [IF_MATCH, IF_NONE_MATCH, CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, HOST];

        let is_feed = |(_, operation): &(_, Operation)| {
            matches!(operation, Operation::ReadAtomFeed | Operation::ReadJsonFeed)
        };
        let takes_body = |(_, operation): &(_, Operation)| operation.media_type().is_some();
        // The links of a feed are made of `Host`.
        if self.operations.iter().any(is_feed) {
            &FIELDS
        } else if self.operations.iter().any(takes_body) {
            &FIELDS[..5]
        } else {
            &FIELDS[..2]
        }
    }

    /// The media types of the patches that the endpoint takes, as the field `Accept-Patch` lists
    /// them ([RFC 5789 §3.1](https://www.rfc-editor.org/rfc/rfc5789#section-3.1)).
    #[must_use]
    pub fn accept_patch(&self) -> Option<&'static str> {
        self.operation(&Method::PATCH)?.media_type()
    }

    /// All methods of the endpoint, as the field `Allow` lists them
    /// ([RFC 9110 §10.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.1)).
    #[must_use]
    pub fn allow(&self) -> String {
        let mut allow = String::new();
        for (method, _) in self.operations {
            allow.push_str(method.as_str());
            allow.push_str(if *method == Method::GET { ", HEAD, " } else { ", " });
        }
        allow + "OPTIONS"
    }
}
