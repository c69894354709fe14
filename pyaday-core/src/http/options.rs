//! The settings that a host can choose.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::authority::{Host, Origin};
#[cfg(feature = "desk")]
use super::desk::Desk;
use super::document::Template;
use super::facts::Blueprint;
use super::feed_id::FeedId;
use super::guard::{Access, Guard, Verdict};
use super::problem::Problem;
use super::public_url::PublicUrl;
use crate::store::{Actor, Seed};

/// The settings that a host can choose. They are set once and apply to all mounted endpoints.
///
/// ```
/// use pyaday_core::{Api, MemoryStore, Options};
///
/// let options = Options::new().page_limits(20, 100).if_match_required(true);
/// let api = Api::with_options(MemoryStore::new(), options);
/// ```
pub struct Options {
    pub(crate) body_limit: usize,
    #[cfg(feature = "import")]
    pub(crate) import_limit: usize,
    pub(crate) page_limit: NonZeroUsize,
    pub(crate) max_page_limit: NonZeroUsize,
    pub(crate) if_match_required: bool,
    /// `None` if the host has not decided.
    is_private: Option<bool>,
    pub(crate) guard: Option<Box<Guard>>,
    #[cfg(feature = "desk")]
    pub(crate) desk: Option<Desk>,
    pub(crate) hosts: Option<Vec<Host>>,
    pub(crate) origins: Vec<Origin>,
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
            #[cfg(feature = "import")]
            import_limit: 16 * 1024 * 1024,
            page_limit: limit(50),
            max_page_limit: limit(200),
            if_match_required: false,
            is_private: None,
            guard: None,
            #[cfg(feature = "desk")]
            desk: None,
            hosts: None,
            origins: Vec::new(),
            public_url: None,
            feed_id: None,
            seeds: Box::new(Seed::random),
            clock: Box::new(SystemTime::now),
            openapi: OnceLock::new(),
            problem_hook: None,
        }
    }

    /// The maximum length of a request body, in bytes. The default is 65,536. A longer body is
    /// refused with 413. A request about many packages has a limit of its own: the body of
    /// [`change_packages`](crate::change_packages) may be about 5 megabytes long, which is enough for
    /// the longest names of 20,000 packages.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// The maximum length of the body of an import, in bytes. The default is 16 MiB. A longer body is
    /// refused with 413. While two long bodies are received and written, another one is refused with
    /// 503.
    ///
    /// Each needs twice its own length of memory, and about 300 bytes for each of its rows. So 16 MiB
    /// with the most rows, 250,000, need about 110 MB, and 16 MiB with rows of 500 bytes need 45 MB.
    #[cfg(feature = "import")]
    #[must_use]
    pub fn import_limit(self, bytes: usize) -> Self {
        Self { import_limit: bytes, ..self }
    }

    /// The page size of the list: `default` is used if the request has no `limit`, and `max` is the
    /// greatest `limit` allowed. The defaults are 50 and 200. Both are raised to at least 1, and
    /// `max` to at least `default`.
    #[must_use]
    pub fn page_limits(self, default: usize, max: usize) -> Self {
        let page_limit = NonZeroUsize::new(default).unwrap_or(NonZeroUsize::MIN);
        let max_page_limit = NonZeroUsize::new(max).unwrap_or(NonZeroUsize::MIN).max(page_limit);
        Self { page_limit, max_page_limit, ..self }
    }

    /// Whether each `PUT`, `PATCH` and `DELETE` of an existing package or pin must have `If-Match`,
    /// so that no client overwrites a version that it has not seen. A request without it is refused
    /// with 428 ([RFC 6585 §3](https://www.rfc-editor.org/rfc/rfc6585#section-3)). The default is
    /// `false`.
    #[must_use]
    pub fn if_match_required(self, required: bool) -> Self {
        Self { if_match_required: required, ..self }
    }

    /// The source of randomness for draws. The default is [`Seed::random`].
    ///
    /// A test can supply its own seeds. It gets the same draws each time, with the same release on
    /// the same kind of machine:
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

    /// The clock, which decides what day it is. The default is [`SystemTime::now`].
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

    /// Whether only the client's own cache may keep the responses of `/daily`. With `true`, their
    /// `Cache-Control` has `private` instead of `public` ([RFC 9111
    /// §5.2.2.7](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7)). The default is `true` if
    /// there is a [guard](Self::guard), and `false` otherwise.
    ///
    /// Use `true` if clients must sign in. Otherwise a shared cache, such as the cache of a proxy,
    /// could return the response to a client that has not signed in (§3.5). Use `false` with a guard
    /// if anyone may read `/daily`.
    ///
    /// All other responses are safe in shared caches. They have `no-store`, or `no-cache`: then a
    /// cache asks the catalogue before each use, and so the guard.
    #[must_use]
    pub fn private(self, private: bool) -> Self {
        Self { is_private: Some(private), ..self }
    }

    /// A function that decides who may do what. Without one, anyone may do everything.
    ///
    /// It is called once for each request that passes the checks of its method (405), its host (421)
    /// and its site (403), before anything else of the request is looked at. It gets the [`Actor`] that the host's sign-in has put into the
    /// extensions of the request, if there is one, and the [`Access`]: which operation on which
    /// package or day. It is not called for `OPTIONS`, which only lists the methods of a path.
    ///
    /// The function must not block. A function that panics refuses the request with 500.
    ///
    /// A guard decides about operations, not about their results: lists, searches, draws and feeds
    /// contain all packages, also those that an actor may not read by name. `Allow` and the OpenAPI
    /// document list all operations, also those that are [hidden](Verdict::Hidden).
    ///
    /// With a guard, only the client's own cache may keep the responses of `/daily`, unless
    /// [`private`](Self::private) says otherwise.
    ///
    /// ```
    /// use pyaday_core::{Options, Verdict};
    ///
    /// // Anyone reads, curators write.
    /// let options = Options::new().guard(|actor, access| match actor {
    ///     _ if !access.is_write() => Verdict::Allow,
    ///     Some(actor) if actor.has_role("curator") => Verdict::Allow,
    ///     Some(_) => Verdict::Forbidden,
    ///     None => Verdict::Unauthenticated { challenge: "Bearer".into() },
    /// });
    /// ```
    #[must_use]
    pub fn guard(
        self,
        guard: impl Fn(Option<&Actor>, &Access) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { guard: Some(Box::new(guard)), ..self }
    }

    /// Mounts the desk: pages for people, at `/desk` beside the other blueprints. By default it is not
    /// mounted, even if the feature `desk` is on.
    ///
    /// The pages show packages, days and changes to anyone who may read them, without JavaScript.
    /// Those who may write also edit there. A page only offers what the guard allows the person who
    /// reads it. If the desk is [guarded](Desk::guarded_by), its guard replaces an earlier one of
    /// these options.
    ///
    /// With the desk, the entries of the feeds link to its page of the day as `text/html`.
    #[cfg(feature = "desk")]
    #[must_use]
    pub fn desk(mut self, mut desk: Desk) -> Self {
        if let Some(guard) = desk.guard.take() {
            self.guard = Some(guard);
        }
        Self { desk: Some(desk), ..self }
    }

    /// The hosts that this service answers for. A request for another host, or for none, is refused
    /// with 421 ([RFC 9110 §15.5.20](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20)). By
    /// default every host is accepted. An empty list accepts none.
    ///
    /// Set it for a service that has no sign-in because only trusted clients can reach it, such as
    /// one on `localhost` or in an internal network. Otherwise a page on the Internet can let its
    /// own host name point to that address (DNS rebinding). To the browser, the page and the service
    /// then have the same origin, and only the host tells them apart.
    ///
    /// List every name and address that clients use: the one of the [public URL](Self::public_url),
    /// the one that a proxy sends, and the one of health checks.
    ///
    /// ```
    /// use pyaday_core::Options;
    ///
    /// let options = Options::new().hosts(["example.org".parse()?, "localhost:5000".parse()?]);
    /// # Ok::<(), pyaday_core::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn hosts(self, hosts: impl IntoIterator<Item = Host>) -> Self {
        Self { hosts: Some(hosts.into_iter().collect()), ..self }
    }

    /// The origins of other sites whose pages may write. There are none by default: a `POST`, `PUT`,
    /// `PATCH` or `DELETE` that a page of another site sends is refused with 403.
    ///
    /// A page is of another site if its browser says so in `Sec-Fetch-Site`. If the browser does not
    /// send this field, the field `Origin` must have the host and port of the [public
    /// URL](Self::public_url), or of the request's own URL or `Host`. Programs that are not browsers
    /// send neither field, so they are not affected.
    ///
    /// A host that lets pages of other origins write, with a CORS layer, lists the same origins
    /// here:
    ///
    /// ```
    /// use pyaday_core::Options;
    ///
    /// let options = Options::new().origins(["https://pages.example.org".parse()?]);
    /// # Ok::<(), pyaday_core::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn origins(self, origins: impl IntoIterator<Item = Origin>) -> Self {
        Self { origins: origins.into_iter().collect(), ..self }
    }

    /// The URL that clients use for the root of this service.
    ///
    /// If it is set, every URL in a response is absolute and begins with it: `Location`,
    /// `Content-Location`, the `Link` to the next page, the links of feeds, and `servers` of the
    /// OpenAPI document. The path of the request follows, as it arrived here, with every prefix at
    /// which the host itself mounts the catalogue. So the public URL must contain the part of the
    /// path that a proxy removes, and nothing else of the path:
    ///
    /// | the URL of the client | the path that arrives | the public URL |
    /// |---|---|---|
    /// | `https://example.org/packages` | `/packages` | `https://example.org` |
    /// | `https://example.org/api/packages` | `/api/packages` | `https://example.org` |
    /// | `https://example.org/pyaday/packages` | `/packages` | `https://example.org/pyaday` |
    /// | `https://example.org/pyaday/api/packages` | `/api/packages` | `https://example.org/pyaday` |
    ///
    /// No public URL is right for a proxy that replaces one prefix with another. Configure the
    /// proxy to only remove a prefix.
    ///
    /// If no public URL is set, `Location` and `Content-Location` are paths, `Link` is a query, and
    /// `servers` has a path, all as in the request. This is correct if no proxy changes the path.
    /// The links of feeds must be absolute: they begin with the scheme and authority of the
    /// request's URL, or else with `http://` and the `Host` field. This is wrong for a service that
    /// clients reach through a TLS proxy.
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

    /// The identity of the feeds. The identity of an entry is this one, `/` and the date.
    ///
    /// The default is `urn:uuid:` and a UUID that is computed from the store's
    /// [identity](crate::PackageStore::id), so it does not depend on the address of the feeds. Set
    /// the previous identity if the feeds had another one before. Otherwise feed readers show all
    /// days as new.
    #[must_use]
    pub fn feed_id(self, id: FeedId) -> Self {
        Self { feed_id: Some(id), ..self }
    }

    /// A function that is called with every problem before it is sent. It may change the members of
    /// the problem details object, for example to add members of the host or to translate the
    /// title. The status code, the member `status` and the header fields do not change. If the
    /// function panics, the client gets the unchanged object.
    ///
    /// This function is also the place to log a problem's [source](std::error::Error::source),
    /// which clients never see.
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

    /// True if the endpoints of a blueprint are mounted.
    #[inline]
    pub(crate) fn mounts(&self, blueprint: Blueprint) -> bool {
        match blueprint {
            #[cfg(feature = "desk")]
            Blueprint::Desk => self.desk.is_some(),
            Blueprint::Packages
            | Blueprint::Rand
            | Blueprint::Daily
            | Blueprint::Changes
            | Blueprint::Transfer
            | Blueprint::OpenApi => true,
        }
    }

    /// Which caches may keep a response, as a directive of `Cache-Control`.
    pub(crate) fn caches(&self) -> &'static str {
        if self.is_private.unwrap_or(self.guard.is_some()) { "private" } else { "public" }
    }

    /// Makes a URL for clients from a path of this service.
    pub(crate) fn reference(&self, path: &str) -> String {
        match &self.public_url {
            Some(url) => format!("{}{path}", url.as_str()),
            // A path that begins with two slashes would be read as an authority (RFC 3986 §4.2).
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

    /// The JSON of a problem, as its client receives it.
    pub(crate) fn problem_body(&self, problem: &Problem) -> Bytes {
        // Serialising texts and numbers into memory cannot fail.
        let render = |members| serde_json::to_vec(&members).unwrap_or_default().into();
        self.rewritten(problem).map_or_else(|| problem.json(), render)
    }

    /// The members of a problem after the host's function has changed them. `None` if there is no
    /// such function, or if it panicked.
    pub(crate) fn rewritten(&self, problem: &Problem) -> Option<Map<String, Value>> {
        let hook = self.problem_hook.as_ref()?;
        // After a panic, the partly changed map is dropped.
        let rewritten = catch_unwind(AssertUnwindSafe(|| {
            let mut members = problem.members();
            hook(problem, &mut members);
            members.insert("status".to_owned(), problem.status().as_u16().into());
            members
        }));
        rewritten.ok()
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
            .field("has_guard", &self.guard.is_some())
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}
