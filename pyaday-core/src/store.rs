//! What a catalogue asks of the place where its packages are kept.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, Bytes};
use http::HeaderValue;
use memchr::memchr;
use rand::Rng;
use rand::rngs::SmallRng;
use siphasher::sip128::SipHasher24;

use crate::daily::{Daily, Day, Pin, Pinned, Unpin};
use crate::date::Date;
use crate::name::{NormalizedName, PackageName};
use crate::package::{Details, Package, Tag};

/// A place where packages are kept: in memory, in a file, in a database far away.
///
/// Implementors write each method as an `async fn`; the futures are [`Send`]. The contract, which
/// the feature `conformance` tests for any store:
///
/// - A package's identity is its [`NormalizedName`]. There is never more than one of a name.
/// - Each method is atomic: it takes effect whole, at one moment between call and return, or not
///   at all, also when many call at once. A method that takes a [`Write`] asks it and writes in that
///   one moment, and never decides by what may be old: also that a package is absent, or in another
///   version, is true at that moment.
/// - Each write that changes something gives a [`Revision`] greater than every one before it in the
///   whole store. None is ever used again, not for a package that is deleted and created anew.
/// - A store that is opened again has the same packages, days, pins and [identity](Self::id), and the
///   same newest revision; one to which nothing was ever written may begin its revisions anew.
/// - The journal of the package of the day is part of the store: a date is opened once, a pin and the
///   opening of its date come one behind the other, and both are writes with a revision.
/// - A write runs to its end once its future was polled, even when the future is dropped: a store
///   that waits for something writes in a thread or task of its own.
/// - Absence and conflict are answers. A [`StoreError`] means that the store could not do its work,
///   and whether the write may have happened nevertheless.
///
/// There are no default methods: a store around another one that forgot to pass a method on would
/// change its meaning silently.
pub trait PackageStore: Send + Sync + 'static {
    /// The identity of the store's history: drawn once, when the store is made, and kept with it.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn id(&self) -> impl Future<Output = Result<StoreId, StoreError>> + Send;

    /// Returns once reads show every write that was acknowledged, by whichever process, before this
    /// was called. A store whose reads always do has nothing to wait for.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn refresh(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds a package if none of its name exists. `write` is asked about the newest revision of the
    /// whole store.
    ///
    /// # Errors
    /// [`StoreError`]; the package was added, or not, as it says.
    fn create(
        &self,
        package: Package,
        write: Write,
    ) -> impl Future<Output = Result<Create, StoreError>> + Send;

    /// Adds those of the packages whose names do not exist, all of them or none: no reader sees a
    /// part of the batch. They may share a revision.
    ///
    /// The answers come in the order of the packages. When the batch itself holds a name twice, its
    /// first package is added and the later ones exist.
    ///
    /// # Errors
    /// [`StoreError`]; all were added, or none, as it says.
    fn create_many(
        &self,
        packages: Vec<Package>,
    ) -> impl Future<Output = Result<Vec<Create>, StoreError>> + Send;

    /// The package of a name.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn read(
        &self,
        name: &NormalizedName,
    ) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Replaces what a package has besides its identity, if `write` admits the revision that it is
    /// in.
    ///
    /// A replacement that gives the representation that is stored changes nothing, the revision
    /// neither.
    ///
    /// # Errors
    /// [`StoreError`]; the package was replaced, or not, as it says.
    fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> impl Future<Output = Result<Update, StoreError>> + Send;

    /// Removes a package, if `write` admits the revision that it is in.
    ///
    /// # Errors
    /// [`StoreError`]; the package was removed, or not, as it says.
    fn delete(
        &self,
        name: &NormalizedName,
        write: Write,
    ) -> impl Future<Output = Result<Delete, StoreError>> + Send;

    /// One package, each equally likely; `None` from an empty store.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn random(&self, seed: Seed)
    -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// `count` different packages in random order, each such sequence equally likely; all of them
    /// where there are fewer. If `tag` is given, only of those that carry it.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> impl Future<Output = Result<Vec<Stored>, StoreError>> + Send;

    /// A page of the packages that a query selects, in the order of their normalised names.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn list(&self, query: &Query) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// What is known of a date.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn daily(&self, date: Date) -> impl Future<Output = Result<Day, StoreError>> + Send;

    /// Opens those of the dates that were not opened, in one write, with the packages that are
    /// [picked](crate::daily) for them, the earliest first, from the packages and the journal of one
    /// moment during the call. Returns what the dates show, in their order; nothing from an empty
    /// store.
    ///
    /// Every caller gets the same, and it never changes, whatever becomes of the package. This write
    /// alone may be left undone when its future is dropped: the next caller opens the dates.
    ///
    /// # Errors
    /// [`StoreError`]; the dates were opened, or none of them, as it says.
    fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> impl Future<Output = Result<Vec<Daily>, StoreError>> + Send;

    /// The days up to a date that were opened, the newest first, at most `count`.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<Daily>, StoreError>> + Send;

    /// The pins of dates after `last_open`, in the order of their dates, at most `count`.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn pins(
        &self,
        last_open: Date,
        count: NonZeroUsize,
    ) -> impl Future<Output = Result<Vec<Pinned>, StoreError>> + Send;

    /// The pin of a date that was not opened.
    ///
    /// # Errors
    /// [`StoreError`], but never [`StoreError::OutcomeUnknown`].
    fn pinned(&self, date: Date)
    -> impl Future<Output = Result<Option<Pinned>, StoreError>> + Send;

    /// Pins a package to a date after `last_open` that was not opened, in the place of an earlier
    /// pin: the date will show it, if it exists then. `write` is asked about the revision of the
    /// date's pin, or about `None`.
    ///
    /// The same pin again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; the package was pinned, or not, as it says.
    fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> impl Future<Output = Result<Pin, StoreError>> + Send;

    /// Takes back the pin of a date after `last_open` that was not opened, if `write` admits the
    /// revision that the pin is in.
    ///
    /// # Errors
    /// [`StoreError`]; the pin was taken back, or not, as it says.
    fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> impl Future<Output = Result<Unpin, StoreError>> + Send;
}

/// The terms of a write: in which version what it replaces must be.
///
/// A store asks [`admits`](Self::admits) in the transaction in which it writes, about the version
/// that the write would replace. So a condition is true of what is replaced, at the moment when it is
/// replaced.
///
/// ```
/// use pyaday_core::{Revision, Write};
///
/// let seen = Revision::new(7);
/// assert!(Write::new().admits(None));
/// assert!(Write::new().if_revision(seen).admits(Some(seen)));
/// assert!(!Write::new().if_revision(seen).admits(Some(Revision::new(8))));
/// assert!(Write::new().only_if(|current| current.is_none()).admits(None));
/// ```
#[derive(Clone, Default)]
pub struct Write {
    condition: Condition,
}

#[derive(Clone, Default)]
enum Condition {
    #[default]
    None,
    Revision(Revision),
    Predicate(Arc<dyn Fn(Option<Revision>) -> bool + Send + Sync>),
}

impl Write {
    /// A write of whatever is there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only if what is written is in this revision.
    #[must_use]
    pub fn if_revision(self, revision: Revision) -> Self {
        Self { condition: Condition::Revision(revision) }
    }

    /// Only if this is true of the revision in which it is; `None` if it does not exist.
    #[must_use]
    pub fn only_if(
        self,
        condition: impl Fn(Option<Revision>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { condition: Condition::Predicate(Arc::new(condition)) }
    }

    /// Whether the write may replace what is there in this revision, or add what is not there.
    #[must_use]
    pub fn admits(&self, current: Option<Revision>) -> bool {
        match &self.condition {
            Condition::None => true,
            Condition::Revision(revision) => current == Some(*revision),
            Condition::Predicate(condition) => condition(current),
        }
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut write = f.debug_struct("Write");
        match &self.condition {
            Condition::None => write.finish(),
            Condition::Revision(revision) => write.field("revision", revision).finish(),
            Condition::Predicate(_) => write.finish_non_exhaustive(),
        }
    }
}

/// What a package becomes: all that it has besides its identity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Replacement {
    /// Its name in another spelling; `None` keeps the spelling that is stored. The normalised name
    /// is that of the package to replace.
    pub spelling: Option<PackageName>,
    /// Everything else.
    pub details: Details,
}

impl Replacement {
    /// These details, under the name as it is spelled.
    #[must_use]
    pub fn new(details: Details) -> Self {
        Self { spelling: None, details }
    }

    /// The package that `stored` becomes.
    #[must_use]
    pub fn apply(self, stored: &Package) -> Package {
        let name = self.spelling.unwrap_or_else(|| stored.name.clone());
        Package { name, details: self.details }
    }
}

impl From<Package> for Replacement {
    fn from(package: Package) -> Self {
        Self { spelling: Some(package.name), details: package.details }
    }
}

/// The identity of a store's history: 128 random bits, shown as a UUID
/// ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562), version 4).
///
/// Two stores have different ones, and a store that is opened again has the same. It names the
/// entries of feeds, whatever the address under which the store is served.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreId([u8; 16]);

impl StoreId {
    /// Draws the identity of a new store.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid_of(Seed::random().0.first_chunk().copied().unwrap_or_default(), 4))
    }

    /// The identity with these bytes, as [`bytes`](Self::bytes) gave them.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The UUID of what `name` says within this store: one of version 8 (RFC 9562 §5.8), whose bits
    /// are the 128-bit SipHash-2-4 of the name under the identity as the key.
    pub(crate) fn uuid(self, name: &str) -> String {
        let hash = SipHasher24::new_with_key(&self.0).hash(name.as_bytes());
        Self(uuid_of(hash.as_bytes(), 8)).to_string()
    }
}

/// These bits, with those that a UUID has for its version and its variant.
fn uuid_of(mut bytes: [u8; 16], version: u8) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreId({self})")
    }
}

/// Which packages to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Only names behind this one, whether or not it exists.
    pub after: Option<NormalizedName>,
    /// Only packages that carry all of these.
    pub tags: BTreeSet<Tag>,
    /// Only packages in whose normalised name or short description each of these occurs. They are
    /// compared in lower case ([`char::to_lowercase`]) on both sides.
    pub words: Vec<String>,
    /// The most packages on the page.
    pub limit: NonZeroUsize,
}

impl Query {
    /// The first `limit` packages of all.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        Self { after: None, tags: BTreeSet::new(), words: Vec::new(), limit }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The packages, in the order of their normalised names.
    pub items: Vec<Stored>,
    /// What [`Query::after`] must be for the page behind this one: the normalised name of the last
    /// item; `None` if this is the last page.
    pub next: Option<NormalizedName>,
    /// The store's newest revision when the page was read: any write since makes it another.
    pub revision: Revision,
}

/// What became of a package to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Create {
    /// It was added.
    Created(Stored),
    /// A package of its name exists; nothing was written.
    Exists(Stored),
    /// The write does not admit the store's newest revision, this one; nothing was written.
    Stale(Revision),
}

impl Create {
    /// The version that the store has under the name now; `None` if the write was refused before
    /// that was looked up.
    #[must_use]
    pub fn stored(&self) -> Option<&Stored> {
        match self {
            Self::Created(stored) | Self::Exists(stored) => Some(stored),
            Self::Stale(_) => None,
        }
    }
}

/// What became of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// The package was replaced.
    Updated(Stored),
    /// What is stored was the same already; nothing was written.
    Unchanged(Stored),
    /// The write does not admit the version that the package is in, this one; nothing was written.
    Stale(Stored),
    /// There is no such package.
    Absent,
}

/// What became of a package to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delete {
    /// It was removed.
    Deleted,
    /// The write does not admit the version that the package is in, this one; nothing was written.
    Stale(Stored),
    /// There is no such package.
    Absent,
}

/// Which write of its store made a version of a package: a number that grows with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// The revision of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The clock's microseconds since 1970: where the revisions of a new store begin, so that an
    /// entity tag of an earlier store in its place never names a version in this one.
    #[must_use]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since_epoch.as_micros() as u64)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The revision as a strong entity tag, quoted
    /// ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)): that of the page
    /// of a list, which any write makes another.
    #[must_use]
    pub fn entity_tag(self) -> HeaderValue {
        let text = Bytes::from(format!("\"{self}\""));
        #[expect(clippy::expect_used, reason = "quotes and digits are what a field value may hold")]
        HeaderValue::from_maybe_shared(text).expect("digits are a field value")
    }

    /// The revision of the write that comes after this one: the next number, or the clock's
    /// microseconds if those are greater. So a revision that was lost, with a database's primary for
    /// one, is not given to another write later.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1).max(Self::now())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A version of a package as a store keeps it: its revision and its representation, which is
/// rendered once, when it is written.
///
/// A clone shares the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// What [`render`] wrote.
    text: Bytes,
    entity_tag_end: u8,
}

impl Stored {
    /// This package in this revision.
    #[must_use]
    pub fn new(package: &Package, revision: Revision) -> Self {
        let mut text = Vec::new();
        render(package, revision, &mut text);
        let text = Bytes::from(text.into_boxed_slice());
        Self::within(&text, 0..text.len())
    }

    /// The version that [`render`] wrote into this part of `texts`, with which it shares them.
    pub(crate) fn within(texts: &Bytes, part: Range<usize>) -> Self {
        // An entity tag is digits in quotes, so the first brace begins the representation.
        let entity_tag_end = memchr(b'{', &texts[part.clone()]).unwrap_or_default() as u8;
        Self { text: texts.slice(part), entity_tag_end }
    }

    /// The version's revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        let digits = self.text[..usize::from(self.entity_tag_end)].iter();
        let digits = digits.filter(|byte| byte.is_ascii_digit());
        Revision(digits.fold(0, |number, digit| 10 * number + u64::from(digit - b'0')))
    }

    /// The package.
    ///
    /// It is read from the representation, which takes as long as reading that much JSON.
    #[must_use]
    pub fn package(&self) -> Package {
        #[expect(clippy::expect_used, reason = "`new` rendered the text from a valid package")]
        Package::from_json(self.json()).expect("a representation is valid")
    }

    /// The representation, compact JSON.
    #[must_use]
    pub fn representation(&self) -> Bytes {
        self.text.slice(usize::from(self.entity_tag_end)..)
    }

    /// The same, and nothing of the version left.
    pub(crate) fn into_representation(mut self) -> Bytes {
        self.text.advance(usize::from(self.entity_tag_end));
        self.text
    }

    pub(crate) fn json(&self) -> &[u8] {
        &self.text[usize::from(self.entity_tag_end)..]
    }

    /// The representation's strong entity tag, quoted
    /// ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)).
    #[must_use]
    pub fn entity_tag(&self) -> HeaderValue {
        let text = self.text.slice(..usize::from(self.entity_tag_end));
        #[expect(clippy::expect_used, reason = "quotes and digits are what a field value may hold")]
        HeaderValue::from_maybe_shared(text).expect("digits are a field value")
    }
}

/// Appends what an answer needs of a version: its quoted entity tag and the representation.
pub(crate) fn render(package: &Package, revision: Revision, out: &mut Vec<u8>) {
    // Writing to a vector has no way to fail.
    let _ = write!(out, "\"{revision}\"");
    package.write_json(out);
}

/// The name in the version that [`render`] wrote, as it is spelled.
pub(crate) fn spelling(text: &[u8]) -> &[u8] {
    /// What a representation begins with.
    const BEFORE: usize = "{\"name\":\"".len();

    let start = memchr(b'{', text).unwrap_or_default() + BEFORE;
    let name = text.get(start..).unwrap_or_default();
    &name[..memchr(b'"', name).unwrap_or_default()]
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("revision", &self.revision().0)
            .field("representation", &String::from_utf8_lossy(self.json()))
            .finish()
    }
}

/// The randomness of one draw: 256 bits, so that no choice a store can make is out of reach.
///
/// A store seeds a generator of its own with them, so a seed decides the draw, and draws are uniform
/// as far as seeds are: each bit must be as good as any other. A counter makes bad seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bits.
    #[must_use]
    pub const fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// A seed from a fast generator of the thread's own, which begins with the system's randomness:
    /// no client can foresee a draw without having seen many, and none decides a secret.
    #[must_use]
    pub fn random() -> Self {
        thread_local! {
            static GENERATOR: RefCell<SmallRng> = RefCell::new(rand::make_rng());
        }
        let mut bits = [0; 32];
        GENERATOR.with_borrow_mut(|generator| generator.fill_bytes(&mut bits));
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> [u8; 32] {
        self.0
    }
}

/// Why a store could not do its work.
///
/// Its source is for the host's log; clients never see it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be used now. If this was a write, it surely did not happen.
    #[error("the store is unavailable; nothing was written")]
    Unavailable {
        /// When another try makes sense; clients are told in whole seconds, rounded up.
        retry_after: Duration,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store met a fault of its own that no other try mends: a row that cannot be read, a
    /// schema that is too new. If this was a write, it surely did not happen.
    #[error("the store met an error of its own; nothing was written")]
    Internal {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The write may have happened, or may still happen: the store lost contact before it knew.
    ///
    /// The caller reads what is there, after a [`refresh`](PackageStore::refresh), before it tries
    /// again; the same write on terms ([`Write::if_revision`]) is refused if the first one happened.
    ///
    /// The store must not go on from what it had before the write: the database may be a revision
    /// ahead, and the next write would give the same revision to something else. It loads what the
    /// database has before it takes another write, as [`Catalogue`](crate::Catalogue) describes.
    #[error("the store lost contact during a write that may have happened")]
    OutcomeUnknown {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl<S: PackageStore> PackageStore for Arc<S> {
    async fn id(&self) -> Result<StoreId, StoreError> {
        S::id(self).await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        S::refresh(self).await
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        S::create(self, package, write).await
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        S::create_many(self, packages).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        S::read(self, name).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        S::update(self, name, replacement, write).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        S::delete(self, name, write).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        S::random(self, seed).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        S::sample(self, count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        S::list(self, query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        S::daily(self, date).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        S::open_daily(self, dates, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        S::recent_daily(self, until, count).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        S::pins(self, last_open, count).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        S::pinned(self, date).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        S::pin_daily(self, date, last_open, name, write).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        S::unpin_daily(self, date, last_open, write).await
    }
}
