//! The catalogues of the scenarios.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::conformance::{Call, Failing, Then, block_on};
#[cfg(feature = "desk")]
use crate::http::Desk;
use crate::http::{Api, Options, Verdict};
use crate::package::Package;
use crate::store::{Actor, PackageStore, Seed, StoreError, Write};

/// How the host of a scenario has set up its catalogue, and who has signed in.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetUp {
    /// The options of the catalogue.
    pub options: Options,
    /// The actor that the sign-in of the host adds to each request.
    pub actor: Option<Actor>,
}

impl SetUp {
    /// The set-up of a scenario, by the text after `With: `.
    ///
    /// # Panics
    /// Panics if no set-up has this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let options = Options::new().seeds(|| Seed::new([7; 32])).clock(noon);
        let options = match name {
            "" => options,
            "a clock at 23:59:30" => options.clock(clock_at(1_795_478_370)),
            "a public URL" => options.public_url("https://packages.example.org/".parse().unwrap()),
            "a public URL with a path" => {
                options.public_url("https://example.org/pyaday".parse().unwrap())
            }
            "responses for the client's own cache" => options.private(true),
            "writes that need If-Match" => options.if_match_required(true),
            "a list of hosts" => options.hosts(
                ["example.org", "other.example:8443", "[::1]"].map(|it| it.parse().unwrap()),
            ),
            "a list of origins" => options.origins(["https://pages.example.org".parse().unwrap()]),
            #[cfg(feature = "desk")]
            "a desk" => options.desk(Desk::open_to_all()),
            #[cfg(feature = "desk")]
            "a desk with a guard" | "a desk with a guard, and a curator who has signed in" => {
                guarded(options).desk(Desk::open_to_all().sign_in_at("sign-in"))
            }
            "a guard and responses for any cache" => guarded(options).private(false),
            "a guard"
            | "a guard, and a curator who has signed in"
            | "a guard, and a reader who has signed in" => guarded(options),
            other => panic!("With: {other}"),
        };
        let actor = match name {
            "a guard, and a curator who has signed in"
            | "a desk with a guard, and a curator who has signed in" => {
                Some(Actor::new("ada").unwrap().with_roles(["curator"]))
            }
            "a guard, and a reader who has signed in" => Some(Actor::new("bob").unwrap()),
            _ => None,
        };
        Self { options, actor }
    }
}

/// 2026-11-23T12:00:00Z
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_435_200)
}

fn clock_at(seconds: u64) -> impl Fn() -> SystemTime + Send + Sync {
    move || UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Anyone reads, curators write, and some packages are treated in a special way.
fn guarded(options: Options) -> Options {
    options.guard(|actor, access| match (access.name().map_or("", |name| name.as_str()), actor) {
        ("sanic", _) => Verdict::Hidden,
        ("bad-guard", _) => panic!("a guard's bug: secret"),
        ("bad-challenge", _) => Verdict::Unauthenticated { challenge: "two\nlines".into() },
        _ if !access.is_write() => Verdict::Allow,
        (_, Some(actor)) if actor.has_role("curator") => Verdict::Allow,
        (_, Some(_)) => Verdict::Forbidden,
        (_, None) => Verdict::Unauthenticated { challenge: r#"Bearer realm="packages""#.into() },
    })
}

/// The catalogue of three packages with which every scenario begins. It fails for [some
/// names](failing_by_name).
pub fn three_packages<S: PackageStore>(store: S, options: Options) -> Api<impl PackageStore> {
    let store = failing_by_name(store);
    let packages = [
        ("flask", "A simple framework for building complex web applications."),
        ("sanic", "A web server and web framework that's written to go fast."),
        ("poetry", "Python dependency management and packaging made easy."),
    ];
    for (name, short_desc) in packages {
        let package = Package::new(name, short_desc).unwrap();
        block_on(store.create(package, Write::new().at(noon()))).unwrap();
    }
    Api::with_options(store, options)
}

/// A store that fails depending on the package that a call is about: `panics`, `unavailable`,
/// `broken` or `unknown`. After the package `no-more-days` was created, no day is opened. After the
/// package `busy` was created, the store is too busy for lists, selections, changes and draws of several packages.
pub fn failing_by_name<S: PackageStore>(store: S) -> Failing<S> {
    let (no_more_days, is_busy) = (AtomicBool::new(false), AtomicBool::new(false));
    Failing::new(store, move |call| {
        if matches!(call, Call::List | Call::Select | Call::Sample | Call::Changes)
            && is_busy.load(Ordering::SeqCst)
        {
            return Then::Fail(StoreError::Busy { retry_after: Duration::from_millis(900) });
        }
        if matches!(call, Call::OpenDaily(..)) && no_more_days.load(Ordering::SeqCst) {
            return Then::Fail(unavailable());
        }
        let name = call.name();
        match name.as_ref().map_or("", |name| name.as_str()) {
            "panics" => Then::Panic("a store's bug: secret".to_owned()),
            "unavailable" => Then::Fail(unavailable()),
            "broken" => Then::Fail(StoreError::Internal { source: "row 7: secret".into() }),
            "unknown" => {
                Then::Fail(StoreError::OutcomeUnknown { source: "no reply: secret".into() })
            }
            "busy" => {
                is_busy.store(true, Ordering::SeqCst);
                Then::Pass
            }
            "no-more-days" => {
                no_more_days.store(true, Ordering::SeqCst);
                Then::Pass
            }
            _ => Then::Pass,
        }
    })
}

fn unavailable() -> StoreError {
    let retry_after = Duration::from_millis(1500);
    StoreError::Unavailable { retry_after, source: "disk full: secret".into() }
}
