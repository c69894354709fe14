//! A server from its options to its end, whatever the framework and the store.

use std::error::Error as _;
use std::net::TcpListener;
use std::path::Path;
use std::{fs, io};

use pyaday_core::{Api, MemoryStore, PackageStore, Problem};
use pyaday_postgres::PostgresStore;
use pyaday_sqlite::{SqliteStore, sqlite_version};

use crate::begun::Begun;
use crate::error::{tell, with_causes};
use crate::store::fill;
use crate::{Error, Options, Prefix, Socket, StopSignal, StoreUrl, Url};

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
pub async fn run<F: Framework>(options: &Options) -> Result<(), Error> {
    match (&options.store).try_into()? {
        StoreUrl::Memory => serve::<F, _>(options, async || Ok(open_memory())).await,
        StoreUrl::Sqlite(path) => serve::<F, _>(options, async || open_file(&path)).await,
        StoreUrl::Postgres(url) => serve::<F, _>(options, async || connect(&url).await).await,
    }
}

/// A store that was opened.
struct Opened<S> {
    store: S,
    /// True if nobody has written to it.
    is_new: bool,
    begun: Begun,
}

fn open_memory() -> Opened<MemoryStore> {
    Opened { store: MemoryStore::new(), is_new: true, begun: Begun::default() }
}

fn open_file(path: &Path) -> Result<Opened<SqliteStore>, Error> {
    let is_new = fs::metadata(path).map_or(true, |metadata| metadata.len() == 0);
    let begun = Begun::before(path);
    let store = SqliteStore::open(path)?;
    let (count, version) = (store.catalogue().len(), sqlite_version());
    tell(&format!("{}: {count} packages, SQLite {version}", path.display()));
    Ok(Opened { store, is_new, begun })
}

/// A database that is away now may come later: until then, requests are told so.
async fn connect(url: &Url) -> Result<Opened<PostgresStore>, Error> {
    let store = PostgresStore::connect(url.as_str(), pyaday_postgres::Options::new()).await?;
    match store.catalogue() {
        Ok(catalogue) => tell(&format!("PostgreSQL: {} packages", catalogue.len())),
        Err(error) => tell(&format!("PostgreSQL: {}", with_causes(&error))),
    }
    let is_new = store.is_new();
    Ok(Opened { store, is_new, begun: Begun::default() })
}

/// Serves the store that `open` opens.
async fn serve<F: Framework, S: PackageStore>(
    options: &Options,
    open: impl AsyncFnOnce() -> Result<Opened<S>, Error>,
) -> Result<(), Error> {
    let prefix = options.prefix.parse()?;
    let answers = answers(options)?;
    let mut stop = StopSignal::new()?;
    // The address is taken at once, so that a mistake in it shows before a long import. Nobody can
    // connect until the packages are there.
    let socket = Socket::bind(&options.bind).await?;
    let Opened { store, is_new, begun } = open().await?;
    let filled = tokio::select! {
        // What is being written may still be written: nothing is taken back.
        () = stop.received() => return Err(Error::Stopped),
        filled = fill(&store, is_new, options.import.as_deref(), options.on_existing) => filled,
    };
    if let Err(error) = filled {
        begun.take_back(store, &error).await;
        return Err(error);
    }
    let listener = socket.listen(&prefix)?;
    let api = Api::with_options(store, answers);
    let stop = async move {
        stop.received().await;
        tell("stopping");
    };
    Ok(F::serve(listener, &prefix, api, stop).await?)
}

/// What the command line says of the answers.
fn answers(options: &Options) -> Result<pyaday_core::Options, Error> {
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
