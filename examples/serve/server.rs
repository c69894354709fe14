//! A server from its options to its end, whatever the framework and the store.

use std::future::pending;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use pyaday_core::{Api, Catalogue, MemoryStore, PackageStore, PublicUrl};
use pyaday_postgres::{Database, PostgresOptions, PostgresStore};
use pyaday_sqlite::{SqliteStore, sqlite_version};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::admin::{Admin, Facts};
use crate::begun::Begun;
use crate::descriptors;
use crate::error::{report, tell, with_causes};
use crate::export::{Output, export};
use crate::following::{MAX_AGE, follow};
use crate::import::Sources;
use crate::log;
use crate::mark::Mark;
use crate::opened::Opened;
use crate::signal::{Stopping, unless_stopped};
use crate::store::Supply;
use crate::{AccessRules, Arguments, Error, Prefix, Signal, Socket, StopSignal, StoreUrl, Url};

/// A web framework to serve with.
pub trait Framework {
    /// Serves a catalogue under a prefix, with the rules of access around it, until `stop`, then ends within a few seconds.
    ///
    /// # Errors
    /// The listener cannot be used.
    fn serve<S: PackageStore>(
        listener: TcpListener,
        prefix: &Prefix,
        api: Api<S>,
        access: &AccessRules,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = io::Result<()>>;
}

/// The whole program: serves or exports as the options of the process say, and reports why it ends.
#[must_use]
pub fn main<F: Framework>(program: &'static str) -> ExitCode {
    /// How long threads that block may take to end. A look-up of a name cannot be stopped, and may take much
    /// longer than a server that was told to stop.
    const PATIENCE: Duration = Duration::from_secs(1);

    let options = Arguments::of_process(program);
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(Err(error.into())),
    };
    let code = report(runtime.block_on(run::<F>(&options)));
    runtime.shutdown_timeout(PATIENCE);
    code
}

/// Serves or exports as the options say until a signal ends it.
///
/// # Errors
/// Why it does not start.
async fn run<F: Framework>(options: &Arguments) -> Result<(), Error> {
    log::start(&options.log)?;
    let mut signal = StopSignal::new()?;
    run_until::<F>(options, async move { signal.received().await }).await
}

/// Serves or exports as the options say until `stop`, which ends the start of a server too, whatever it waits
/// for.
///
/// # Errors
/// Why it does not start, or why the export is not complete.
pub async fn run_until<F: Framework>(
    options: &Arguments,
    stop: impl Future<Output = Signal> + Send + 'static,
) -> Result<(), Error> {
    descriptors::raise();
    let stop = stop.boxed().shared();
    let must_exist = options.export.is_some() && options.import.is_empty();
    match (&options.store).try_into()? {
        StoreUrl::Memory => {
            work::<F, _>(options, stop, of_memory, async || Ok(open_memory())).await
        }
        StoreUrl::Sqlite(path) => {
            let open = async || open_file(path, must_exist).await;
            work::<F, _>(options, stop, of_file, open).await
        }
        StoreUrl::Postgres(url) => {
            work::<F, _>(options, stop, of_database, async || connect(&url).await).await
        }
    }
}

/// Exports the store that `open` opens, or serves it.
async fn work<F: Framework, S: PackageStore>(
    options: &Arguments,
    stop: Stopping,
    look: fn(&S) -> Facts,
    open: impl AsyncFnOnce() -> Result<Opened<S>, Error>,
) -> Result<(), Error> {
    let Some(path) = &options.export else {
        return serve::<F, _>(options, stop, look, open).await;
    };
    write(options, path, &stop, open).await.map_err(|error| match error {
        Error::Stopped { signal, import } => {
            let name = Output::name_of(path);
            Error::ExportStopped { signal, name, import }
        }
        error => error,
    })
}

/// Writes the packages of the store that `open` opens into a file.
async fn write<S: PackageStore>(
    options: &Arguments,
    path: &Path,
    stop: &Stopping,
    open: impl AsyncFnOnce() -> Result<Opened<S>, Error>,
) -> Result<(), Error> {
    let opening = async {
        // A mistake in the names of files shows before a long import, and before anything is created.
        let paths = options.import.clone();
        let sources = in_thread(move || Sources::open(&paths)).await??;
        let (path, store) = (path.to_owned(), StoreUrl::try_from(&options.store)?);
        let output = in_thread(move || Output::open(&path, &store)).await??;
        Ok((sources, output, open().await?))
    };
    let (sources, output, mut opened) = unless_stopped(stop, opening).await?;
    let supply = sources.map_or(Supply::Nothing, Supply::Sources);
    if let Err(error) = opened.fill(supply, options.import_options(), stop).await {
        opened.give_up(&error).await;
        return Err(error);
    }
    let store = Arc::clone(&opened.store);
    unless_stopped(stop, export(store, options.format_of(path), output)).await
}

fn open_memory() -> Opened<MemoryStore> {
    let (store, name) = (MemoryStore::new(), "memory".to_owned());
    let place = name.clone();
    // It is gone when the server ends, so all that matters is that it is new at first.
    Opened::new(store, name, place, false, |_| true, Begun::default(), Mark::Nowhere)
}

async fn open_file(path: PathBuf, must_exist: bool) -> Result<Opened<SqliteStore>, Error> {
    let begun = Begun::before(&path);
    let name = path.display().to_string();
    if must_exist && !path.exists() {
        return Err(Error::NoStore { store: name });
    }
    let store = if begun.is_empty() {
        let path = path.clone();
        in_thread(move || SqliteStore::open(path)).await??
    } else {
        // Creating a file takes no time. It must be done before a signal is looked at, since what was
        // created may have to be removed.
        SqliteStore::open(&path)?
    };
    let (count, version) = (counted(store.catalogue().len()), sqlite_version());
    tell(&format!("{name}: {count}, SQLite {version}"));
    let mark = Mark::beside(&path)
        .map_err(|source| Error::Mark { store: name.clone(), source: source.into() })?;
    let place = name.clone();
    Ok(Opened::new(store, name, place, false, SqliteStore::is_new, begun, mark))
}

/// A database that is away now may come later.
async fn connect(url: &Url) -> Result<Opened<PostgresStore>, Error> {
    // It reads files.
    let text = url.clone();
    let database = in_thread(move || Database::from_url(text.as_str())).await??;
    let store = PostgresStore::open(&database, PostgresOptions::new().max_age(MAX_AGE)).await?;
    let name = "PostgreSQL".to_owned();
    let place = format!("{name} ({})", database.hosts().join(", "));
    let mark = Mark::within(database);
    for notice in store.notices() {
        tell(&format!("{name}: {notice}"));
    }
    let catalogue = store.catalogue();
    tell(&match &catalogue {
        Ok(catalogue) => format!("{name}: {}", counted(catalogue.len())),
        Err(error) => format!("{name}: {}", with_causes(error)),
    });
    let is_away = catalogue.is_err();
    Ok(Opened::new(store, name, place, is_away, PostgresStore::is_new, Begun::default(), mark))
}

fn of_memory(store: &MemoryStore) -> Facts {
    facts(&store.catalogue())
}

fn of_file(store: &SqliteStore) -> Facts {
    facts(&store.catalogue())
}

/// While the database is away for too long, the store shows nothing.
fn of_database(store: &PostgresStore) -> Facts {
    let shown = store.catalogue().map(|catalogue| facts(&catalogue)).unwrap_or_default();
    Facts { age: store.age(), ..shown }
}

fn facts(catalogue: &Catalogue) -> Facts {
    let revision = Some(catalogue.revision().get());
    Facts { packages: Some(catalogue.len()), revision, age: None }
}

/// Does work that blocks, in a thread that nobody waits for any more if this is dropped.
pub(crate) async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (sender, done) = oneshot::channel();
    // If nobody waits for it, then the result is dropped.
    thread::spawn(move || drop(sender.send(work())));
    done.await
        .map_err(|_| io::Error::other("a thread panicked; its message is on standard error").into())
}

fn counted(packages: usize) -> String {
    format!("{packages} package{}", if packages == 1 { "" } else { "s" })
}

/// Serves the store that `open` opens.
async fn serve<F: Framework, S: PackageStore>(
    options: &Arguments,
    stop: Stopping,
    look: fn(&S) -> Facts,
    open: impl AsyncFnOnce() -> Result<Opened<S>, Error>,
) -> Result<(), Error> {
    let prefix = options.prefix.parse()?;
    let public_url = public_url(options)?;
    let access = AccessRules::new(options, public_url.as_ref())?;
    let admin = Admin::start(&options.admin)?;
    let opening = async {
        // The address is taken at once, so that a mistake in it shows before a long import, and one in
        // the name of a file before anything is created. Nobody can connect until the packages are there.
        let socket = Socket::bind(&options.bind).await?;
        let address = socket.address()?;
        access.check_address(address)?;
        let paths = options.import.clone();
        let sources = in_thread(move || Sources::open(&paths)).await??;
        Ok((socket, address, sources, open().await?))
    };
    let (socket, address, sources, mut opened) = unless_stopped(&stop, opening).await?;
    let store = Arc::clone(&opened.store);
    let answers = access.apply(answers(public_url, &access), address);
    admin.watch(&store, look);
    let following = follow(Arc::downgrade(&store), opened.place.clone(), move |it| look(it).age);
    let stopping = stop.clone();
    let serving = async || {
        let listener = socket.listen(&prefix)?;
        admin.serving();
        tokio::spawn(following);
        let stop = async move {
            stopping.await;
            admin.stopping();
            tell("stopping");
        };
        let api = Api::with_options(store, answers);
        Ok(F::serve(listener, &prefix, api, &access, stop).await?)
    };
    let supply = sources.map_or(Supply::FirstPackages, Supply::Sources);
    if opened.is_away && matches!(supply, Supply::FirstPackages) {
        // Until the database is there, requests get 503. The server that answers them is what stops.
        let never = pending().boxed().shared();
        return tokio::select! {
            served = serving() => served,
            Err(error) = opened.fill(supply, options.import_options(), &never) => {
                Err(error)
            }
        };
    }
    if let Err(error) = opened.fill(supply, options.import_options(), &stop).await {
        drop(serving);
        opened.give_up(&error).await;
        return Err(error);
    }
    serving().await
}

fn public_url(options: &Arguments) -> Result<Option<PublicUrl>, Error> {
    let url = options.public_url.as_ref().map(|url| url.parse());
    url.transpose().map_err(Error::PublicUrl)
}

/// What the command line says of the answers, without who may do what.
fn answers(public_url: Option<PublicUrl>, access: &AccessRules) -> pyaday_core::Options {
    let access = access.clone();
    let answers = pyaday_core::Options::new().on_problem(move |problem, members| {
        access.explain(problem, members);
    });
    match public_url {
        Some(url) => answers.public_url(url),
        None => answers,
    }
}
