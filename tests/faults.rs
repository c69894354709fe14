//! Facts about stores that fail or panic, and the store that does for the tests.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

use pyaday_core::daily::{Daily, Day, Pin, Pinned, Unpin};
use pyaday_core::{
    Api, Create, Date, Delete, MemoryStore, NormalizedName, Package, PackageStore, Page, Query,
    Replacement, Seed, StoreError, StoreId, Stored, Tag, Update, Write,
};

use crate::client::{Answer, Request};
use crate::homes::{Actix, Axum, Core, Home};

/// Two writers of this package wait for each other: both have seen the version that they mean before
/// either writes.
pub(crate) const MEETING_POINT: &str = "meeting-point";
static MEETING: Barrier = Barrier::new(2);

/// How a store behaves towards each call, by the package's name.
pub(crate) struct Faulty<S>(pub(crate) S);

async fn fault(name: &str) -> Result<(), StoreError> {
    match name {
        "panics" => panic!("a store's bug: secret"),
        "unavailable" => Err(StoreError::Unavailable {
            retry_after: Duration::from_millis(1500),
            source: "disk full: secret".into(),
        }),
        "broken" => Err(StoreError::Internal { source: "row 7: secret".into() }),
        "unknown" => Err(StoreError::OutcomeUnknown { source: "no reply: secret".into() }),
        _ => Ok(()),
    }
}

/// Waits for the other writer, if the package is the one of [`MEETING_POINT`].
fn meet(name: &NormalizedName) {
    if name.as_str() == MEETING_POINT {
        MEETING.wait();
    }
}

impl<S: PackageStore> PackageStore for Faulty<S> {
    async fn id(&self) -> Result<StoreId, StoreError> {
        self.0.id().await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        self.0.refresh().await
    }

    async fn create(&self, package: Package, write: Write) -> Result<Create, StoreError> {
        fault(package.name.as_str()).await?;
        self.0.create(package, write).await
    }

    async fn create_many(&self, packages: Vec<Package>) -> Result<Vec<Create>, StoreError> {
        self.0.create_many(packages).await
    }

    async fn read(&self, name: &NormalizedName) -> Result<Option<Stored>, StoreError> {
        fault(name.as_str()).await?;
        self.0.read(name).await
    }

    async fn update(
        &self,
        name: &NormalizedName,
        replacement: Replacement,
        write: Write,
    ) -> Result<Update, StoreError> {
        fault(name.as_str()).await?;
        meet(name);
        self.0.update(name, replacement, write).await
    }

    async fn delete(&self, name: &NormalizedName, write: Write) -> Result<Delete, StoreError> {
        fault(name.as_str()).await?;
        meet(name);
        self.0.delete(name, write).await
    }

    async fn random(&self, seed: Seed) -> Result<Option<Stored>, StoreError> {
        self.0.random(seed).await
    }

    async fn sample(
        &self,
        count: NonZeroUsize,
        tag: Option<&Tag>,
        seed: Seed,
    ) -> Result<Vec<Stored>, StoreError> {
        self.0.sample(count, tag, seed).await
    }

    async fn list(&self, query: &Query) -> Result<Page, StoreError> {
        self.0.list(query).await
    }

    async fn daily(&self, date: Date) -> Result<Day, StoreError> {
        self.0.daily(date).await
    }

    async fn open_daily(
        &self,
        dates: RangeInclusive<Date>,
        picked_at: SystemTime,
    ) -> Result<Vec<Daily>, StoreError> {
        fault(if self.is_there("no-more-days").await { "unavailable" } else { "" }).await?;
        self.0.open_daily(dates, picked_at).await
    }

    async fn recent_daily(
        &self,
        until: Date,
        count: NonZeroUsize,
    ) -> Result<Vec<Daily>, StoreError> {
        self.0.recent_daily(until, count).await
    }

    async fn pins(&self, last_open: Date, count: NonZeroUsize) -> Result<Vec<Pinned>, StoreError> {
        self.0.pins(last_open, count).await
    }

    async fn pinned(&self, date: Date) -> Result<Option<Pinned>, StoreError> {
        self.0.pinned(date).await
    }

    async fn pin_daily(
        &self,
        date: Date,
        last_open: Date,
        name: &NormalizedName,
        write: Write,
    ) -> Result<Pin, StoreError> {
        self.0.pin_daily(date, last_open, name, write).await
    }

    async fn unpin_daily(
        &self,
        date: Date,
        last_open: Date,
        write: Write,
    ) -> Result<Unpin, StoreError> {
        self.0.unpin_daily(date, last_open, write).await
    }
}

impl<S: PackageStore> Faulty<S> {
    async fn is_there(&self, name: &str) -> bool {
        let name = name.parse().unwrap();
        matches!(self.0.read(&name).await, Ok(Some(_)))
    }
}

/// A day that cannot be opened takes only itself away.
#[test]
fn feeds_go_on_when_no_day_can_be_opened() {
    let home = Core::mount("", &Api::new(Faulty(MemoryStore::new())));
    home.answer(&requests("no-more-days")[0]);
    is_problem(&home.answer(&Request::new("GET", "/daily")), 503, "store-unavailable");
    for feed in ["/daily/feed.atom", "/daily/feed.json"] {
        assert_eq!(home.answer(&Request::new("GET", feed)).status, 200);
    }
}

/// Every operation on the package of a name.
fn requests(name: &str) -> [Request; 4] {
    let path = format!("/packages/{name}");
    [
        Request::new("POST", "/packages").json(&format!(r#"{{"name":"{name}","short_desc":""}}"#)),
        Request::new("GET", &path),
        Request::new("PUT", &path).json(r#"{"short_desc":""}"#),
        Request::new("DELETE", &path),
    ]
}

/// The answers to all of them, none of which may tell the cause.
fn answers<H: Home>(name: &str) -> Vec<Answer> {
    let home = H::mount("", &Api::new(Faulty(MemoryStore::new())));
    let answers: Vec<_> = requests(name).iter().map(|request| home.answer(request)).collect();
    for answer in &answers {
        assert!(!answer.text().contains("secret"), "{answer:?}");
    }
    // The catalogue lives on.
    assert_eq!(home.answer(&requests("flask")[0]).status, 201);
    answers
}

fn is_problem(answer: &Answer, status: u16, slug: &str) {
    let urn = format!("urn:problem-type:pyaday:{slug}");
    let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((problem["type"].as_str(), answer.status), (Some(urn.as_str()), status));
    assert_eq!(problem["status"], answer.status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn faults_are_told<H: Home>() {
    for answer in answers::<H>("unavailable") {
        is_problem(&answer, 503, "store-unavailable");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    for answer in answers::<H>("unknown") {
        is_problem(&answer, 503, "outcome-unknown");
        assert_eq!(answer.header("retry-after"), None);
    }
    for name in ["panics", "broken"] {
        for answer in answers::<H>(name) {
            is_problem(&answer, 500, "internal");
        }
    }
    // The control: a store without faults.
    let statuses: Vec<_> = answers::<H>("fine").iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201, 200, 204, 204]);
}

#[test]
fn the_core_tells_a_stores_faults_as_problems() {
    faults_are_told::<Core>();
}

#[test]
fn axum_tells_a_stores_faults_as_problems() {
    faults_are_told::<Axum>();
}

#[test]
fn actix_tells_a_stores_faults_as_problems() {
    faults_are_told::<Actix>();
}
