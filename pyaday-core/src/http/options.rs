//! What a host may decide about the answers.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::document::Template;
use super::feed_id::FeedId;
use super::problem::Problem;
use super::public_url::PublicUrl;
use crate::store::Seed;

/// What a host may decide about the answers, once, for whatever mounts them.
///
/// ```
/// use pyaday_core::{Api, MemoryStore, Options};
///
/// let options = Options::new().page_limits(20, 100).if_match_required(true);
/// let api = Api::with_options(MemoryStore::new(), options);
/// ```
pub struct Options {
    pub(crate) body_limit: usize,
    pub(crate) page_limit: NonZeroUsize,
    pub(crate) max_page_limit: NonZeroUsize,
    pub(crate) if_match_required: bool,
    is_private: bool,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) feed_id: Option<FeedId>,
    seeds: Box<dyn Fn() -> Seed + Send + Sync>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// The OpenAPI document, which is rendered once.
    pub(crate) openapi: OnceLock<Template>,
    problem_hook: Option<Box<ProblemHook>>,
}

type ProblemHook = dyn Fn(&Problem, &mut Map<String, Value>) + Send + Sync;

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        const fn limit(items: usize) -> NonZeroUsize {
            NonZeroUsize::MIN.saturating_add(items - 1)
        }
        Self {
            body_limit: 64 * 1024,
            page_limit: limit(50),
            max_page_limit: limit(200),
            if_match_required: false,
            is_private: false,
            public_url: None,
            feed_id: None,
            seeds: Box::new(Seed::random),
            clock: Box::new(SystemTime::now),
            openapi: OnceLock::new(),
            problem_hook: None,
        }
    }

    /// The longest body that is read, in bytes; 65,536 unless told otherwise. A longer one is
    /// refused with 413.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// How many packages a page of the list has when the request does not say, and at most; 50 and
    /// 200 unless told otherwise. Either is at least 1, the second at least the first.
    #[must_use]
    pub fn page_limits(self, default: usize, max: usize) -> Self {
        let page_limit = NonZeroUsize::new(default).unwrap_or(NonZeroUsize::MIN);
        let max_page_limit = NonZeroUsize::new(max).unwrap_or(NonZeroUsize::MIN).max(page_limit);
        Self { page_limit, max_page_limit, ..self }
    }

    /// Whether each `PUT`, `PATCH` and `DELETE` of a package or a pin that exists must say by `If-Match`
    /// which version it means, so that no client overwrites what it has not seen; one without is
    /// refused with 428 ([RFC 6585 §3](https://www.rfc-editor.org/rfc/rfc6585#section-3)). It need not,
    /// unless told otherwise.
    #[must_use]
    pub fn if_match_required(self, required: bool) -> Self {
        Self { if_match_required: required, ..self }
    }

    /// Where each draw takes its randomness from; [`Seed::random`] unless told otherwise.
    ///
    /// A test passes seeds of its own and gets the same draw each time, in one release and on one
    /// kind of machine:
    ///
    /// ```
    /// use pyaday_core::{Options, Seed};
    ///
    /// let options = Options::new().seeds(|| Seed::new([7; 32]));
    /// ```
    #[must_use]
    pub fn seeds(self, seeds: impl Fn() -> Seed + Send + Sync + 'static) -> Self {
        Self { seeds: Box::new(seeds), ..self }
    }

    /// What time it is, which decides the day; [`SystemTime::now`] unless told otherwise.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use pyaday_core::Options;
    ///
    /// let new_year_2000 = UNIX_EPOCH + Duration::from_secs(946_684_800);
    /// let options = Options::new().clock(move || new_year_2000);
    /// ```
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Whether only the client's own cache may keep the answers of `/daily`, whose `Cache-Control`
    /// then says `private` instead of `public`
    /// ([RFC 9111 §5.2.2.7](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7)). They are
    /// public unless told otherwise.
    ///
    /// Say `true` where clients must sign in: a cache that several people share, such as that of a
    /// proxy, would otherwise give the answer to anybody who asks (§3.5).
    #[must_use]
    pub fn private(self, private: bool) -> Self {
        Self { is_private: private, ..self }
    }

    /// What clients see before the paths that requests have when they arrive here.
    ///
    /// Where it is set, every URL in an answer is absolute and begins with it: `Location`,
    /// `Content-Location`, the `Link` to the next page, the links of feeds, and `servers` of the
    /// OpenAPI document. What follows is the path of the request as it arrived, with every prefix
    /// that the host itself mounts the catalogue at. So the public URL has the part of the path that
    /// a proxy takes away, and no other part:
    ///
    /// | clients ask for | it arrives as | the public URL |
    /// |---|---|---|
    /// | `https://example.org/packages` | `/packages` | `https://example.org` |
    /// | `https://example.org/api/packages` | `/api/packages` | `https://example.org` |
    /// | `https://example.org/pyaday/packages` | `/packages` | `https://example.org/pyaday` |
    /// | `https://example.org/pyaday/api/packages` | `/api/packages` | `https://example.org/pyaday` |
    ///
    /// A proxy that puts another prefix in the place of the one that it takes away has no such URL:
    /// let it only take one away.
    ///
    /// Unless it is set, `Location` and `Content-Location` are paths, `Link` is a query, and
    /// `servers` has a path, all as the request had them: right wherever no proxy changes the path.
    /// The links of feeds, which must be absolute, begin with the scheme and the authority of the
    /// request, or with `http://` and its `Host`, which is wrong behind a proxy that speaks TLS.
    ///
    /// ```
    /// use pyaday_core::Options;
    ///
    /// let options = Options::new().public_url("https://example.org/pyaday".parse()?);
    /// # Ok::<(), pyaday_core::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn public_url(self, url: PublicUrl) -> Self {
        Self { public_url: Some(url), ..self }
    }

    /// The identity of the feeds; that of an entry is this one, `/` and the date.
    ///
    /// Unless told otherwise they are `urn:uuid:` and a UUID made of the store's
    /// [identity](crate::PackageStore::id), so they do not depend on where the feeds are served. A host
    /// whose feed had other ones before says here which, so that readers do not show all days anew.
    #[must_use]
    pub fn feed_id(self, id: FeedId) -> Self {
        Self { feed_id: Some(id), ..self }
    }

    /// A function that sees every problem before its client does, and may rewrite the members of
    /// its problem details object: add some of the host's own, translate the title. The status, its
    /// member included, and the header fields stay. If it panics, the client gets the object as it
    /// was.
    ///
    /// It is also the place to log a problem's [source](std::error::Error::source), which clients
    /// never see.
    ///
    /// ```
    /// use pyaday_core::Options;
    ///
    /// let options = Options::new().on_problem(|problem, members| {
    ///     if problem.status().is_server_error() {
    ///         members.insert("support".to_owned(), "https://example.org/help".into());
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn on_problem(
        self,
        hook: impl Fn(&Problem, &mut Map<String, Value>) + Send + Sync + 'static,
    ) -> Self {
        Self { problem_hook: Some(Box::new(hook)), ..self }
    }

    /// Which caches may keep an answer, as `Cache-Control` says it.
    pub(crate) fn caches(&self) -> &'static str {
        if self.is_private { "private" } else { "public" }
    }

    /// A URL that leads a client to a path which requests have here.
    pub(crate) fn reference(&self, path: &str) -> String {
        match &self.public_url {
            Some(url) => format!("{}{path}", url.as_str()),
            // Two slashes would begin an authority (RFC 3986 §4.2).
            None if path.starts_with("//") => format!("/.{path}"),
            None => path.to_owned(),
        }
    }

    pub(crate) fn seed(&self) -> Seed {
        (self.seeds)()
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// A problem's object as its client gets it.
    pub(crate) fn problem_body(&self, problem: &Problem) -> Vec<u8> {
        // Serialising texts and numbers into memory has no way to fail.
        let unchanged = || serde_json::to_vec(problem).unwrap_or_default();
        let Some(hook) = &self.problem_hook else {
            return unchanged();
        };
        // The map that a panic leaves half rewritten is dropped with it.
        let rewritten = catch_unwind(AssertUnwindSafe(|| {
            let mut members = problem.members();
            hook(problem, &mut members);
            members.insert("status".to_owned(), problem.status().as_u16().into());
            members
        }));
        rewritten.map_or_else(|_| unchanged(), |it| serde_json::to_vec(&it).unwrap_or_default())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("body_limit", &self.body_limit)
            .field("page_limit", &self.page_limit)
            .field("max_page_limit", &self.max_page_limit)
            .field("if_match_required", &self.if_match_required)
            .field("is_private", &self.is_private)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}
