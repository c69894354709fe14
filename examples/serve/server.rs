//! A server from its options to its end, whatever the framework and the store.

use std::error::Error as _;
use std::io;
use std::net::TcpListener;
use std::path::Path;

use pyaday_core::{Api, MemoryStore, PackageStore, Problem};
use pyaday_postgres::PostgresStore;
use pyaday_sqlite::{SqliteStore, sqlite_version};

use crate::begun::Begun;
use crate::error::{tell, with_causes};
use crate::mark::Mark;
use crate::opened::{Opened, Stop};
use crate::{Arguments, Error, Prefix, Socket, StopSignal, StoreUrl, Url};

/// A web framework to serve with.
pub trait Framework {
    /// Serves a catalogue under a prefix until `stop`, then ends within a few seconds.
    ///
    /// # Errors
    /// The listener cannot be used.
    fn serve<S: PackageStore>(
        listener: TcpListener,
        prefix: &Prefix,
        api: Api<S>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = io::Result<()>>;
}

/// Serves as the options say until a signal ends it.
///
/// # Errors
/// Why it does not start.
pub async fn run<F: Framework>(options: &Arguments) -> Result<(), Error> {
    let mut signal = StopSignal::new()?;
    run_until::<F>(options, async move { signal.received().await }).await
}

/// Serves as the options say until `stop`, which ends an import too.
///
/// # Errors
/// Why it does not start.
pub async fn run_until<F: Framework>(
    options: &Arguments,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let stop = Box::pin(stop);
    match (&options.store).try_into()? {
        StoreUrl::Memory => serve::<F, _>(options, stop, async || Ok(open_memory())).await,
        StoreUrl::Sqlite(path) => serve::<F, _>(options, stop, async || open_file(&path)).await,
        StoreUrl::Postgres(url) => serve::<F, _>(options, stop, async || connect(&url).await).await,
    }
}

fn open_memory() -> Opened<MemoryStore> {
    Opened {
        store: MemoryStore::new(),
        name: "memory".to_owned(),
        // It is gone when the server ends, so all that matters is that it is new at first.
        is_new: |_| true,
        begun: Begun::default(),
        mark: Mark::Nowhere,
    }
}

fn open_file(path: &Path) -> Result<Opened<SqliteStore>, Error> {
    let begun = Begun::before(path);
    let store = SqliteStore::open(path)?;
    let name = path.display().to_string();
    let (count, version) = (counted(store.catalogue().len()), sqlite_version());
    tell(&format!("{name}: {count}, SQLite {version}"));
    let mark = Mark::beside(path)
        .map_err(|source| Error::Mark { store: name.clone(), source: source.into() })?;
    Ok(Opened { store, name, is_new: SqliteStore::is_new, begun, mark })
}

/// A database that is away now may come later: until then, requests are told so.
async fn connect(url: &Url) -> Result<Opened<PostgresStore>, Error> {
    let store =
        PostgresStore::connect(url.as_str(), pyaday_postgres::PostgresOptions::new()).await?;
    let name = "PostgreSQL".to_owned();
    let mark = match store.catalogue() {
        Ok(catalogue) => {
            tell(&format!("{name}: {}", counted(catalogue.len())));
            Mark::Table(url.clone())
        }
        Err(error) => {
            tell(&format!("{name}: {}", with_causes(&error)));
            Mark::Nowhere
        }
    };
    Ok(Opened { store, name, is_new: PostgresStore::is_new, begun: Begun::default(), mark })
}

fn counted(packages: usize) -> String {
    format!("{packages} package{}", if packages == 1 { "" } else { "s" })
}

/// Serves the store that `open` opens.
async fn serve<F: Framework, S: PackageStore>(
    options: &Arguments,
    mut stop: Stop,
    open: impl AsyncFnOnce() -> Result<Opened<S>, Error>,
) -> Result<(), Error> {
    let prefix = options.prefix.parse()?;
    let answers = answers(options)?;
    // The address is taken at once, so that a mistake in it shows before a long import. Nobody can
    // connect until the packages are there.
    let socket = Socket::bind(&options.bind).await?;
    let store = open().await?.fill(options, &mut stop).await?;
    let listener = socket.listen(&prefix)?;
    let api = Api::with_options(store, answers);
    let stop = async move {
        stop.await;
        tell("stopping");
    };
    Ok(F::serve(listener, &prefix, api, stop).await?)
}

/// What the command line says of the answers.
fn answers(options: &Arguments) -> Result<pyaday_core::Options, Error> {
    let answers = pyaday_core::Options::new().on_problem(|problem, _| log(problem));
    Ok(match &options.public_url {
        Some(url) => answers.public_url(url.parse().map_err(Error::PublicUrl)?),
        None => answers,
    })
}

/// Tells on standard error what is the server's fault: the cause, which clients never see.
fn log(problem: &Problem) {
    if problem.status().is_server_error() {
        let cause = problem.source().map_or_else(|| problem.to_string(), with_causes);
        tell(&format!("{}: {cause}", problem.type_uri()));
    }
}
