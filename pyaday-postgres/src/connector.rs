//! Makes connections to the primary, whichever host that is, and receives the server's warnings and
//! notifications.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::Connect;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn};
use tokio_postgres::config::Host;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls, Socket};

use crate::error::Kind;

tokio::task_local! {
    /// Here a connector leaves the watch of the connection that it makes.
    static WATCH: RefCell<Option<Arc<Watch>>>;
}

/// Makes the connections of a pool.
///
/// It asks all hosts of a configuration at once and takes the first that fits `target_session_attrs`, so
/// hosts that do not answer cost no time. It also receives the server's warnings and notifications. Without
/// notifications, a store must ask for the writes of other processes. Without warnings, it does not learn
/// that an administrator has cancelled the wait of a commit for a standby.
///
/// The traits and types of [`tokio_postgres`] and [`deadpool_postgres`] in this API are those of the
/// versions that this crate re-exports.
///
/// ```no_run
/// use pyaday_postgres::deadpool_postgres::{Manager, ManagerConfig, Pool, Runtime};
/// use pyaday_postgres::tokio_postgres::NoTls; // or a TLS connector
/// use pyaday_postgres::{Connector, PostgresOptions, PostgresStore};
///
/// # async fn store() -> Result<PostgresStore, Box<dyn std::error::Error>> {
/// let config = "postgres://pyaday@db1,db2,db3/pyaday?target_session_attrs=read-write".parse()?;
/// let manager = Manager::from_connect(config, Connector::new(NoTls), ManagerConfig::default());
/// let pool = Pool::builder(manager).runtime(Runtime::Tokio1).build()?;
/// let store = PostgresStore::with_pool(pool, PostgresOptions::new()).await?;
/// # Ok(store)
/// # }
/// ```
#[derive(Clone)]
pub struct Connector<T> {
    tls: T,
}

impl<T> Connector<T> {
    /// Makes a connector whose connections use this TLS connector.
    pub fn new(tls: T) -> Self {
        Self { tls }
    }
}

impl<T> fmt::Debug for Connector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

/// A connection that is being made, and the task that carries it.
pub(crate) type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl<T> Connect for Connector<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let connecting =
            one_for_each_host(config).into_iter().map(|config| -> Connecting<'static> {
                let tls = self.tls.clone();
                Box::pin(async move { start(&config, tls).await })
            });
        Box::pin(first_of(connecting.collect()))
    }
}

/// Makes a connection, and starts the task that carries it.
pub(crate) async fn start<T>(config: &Config, tls: T) -> Result<(Client, JoinHandle<()>), Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = config.connect(tls).await?;
    let watch = Arc::new(Watch::default());
    // There is no place for the watch if nobody waits for it.
    let _ = WATCH.try_with(|slot| slot.replace(Some(Arc::clone(&watch))));
    Ok((client, spawn(watch.keep(connection))))
}

/// The first connection that is made, or the most useful error.
pub(crate) async fn first_of(
    connecting: Vec<Connecting<'_>>,
) -> Result<(Client, JoinHandle<()>), Error> {
    let mut connecting: FuturesUnordered<_> = connecting.into_iter().collect();
    let mut failed: Option<Error> = None;
    while let Some(result) = connecting.next().await {
        match result {
            Ok(connected) => return Ok(connected),
            Err(error) if failed.as_ref().is_none_or(|it| usefulness(it) < usefulness(&error)) => {
                failed = Some(error);
            }
            Err(_) => {}
        }
    }
    match failed {
        Some(error) => Err(error),
        // The configuration has no host. This call returns the error for that.
        None => start(&Config::new(), NoTls).await,
    }
}

/// An error from a server is more useful than one about a host that cannot be reached.
fn usefulness(error: &Error) -> u8 {
    match (error.code(), Kind::of(error)) {
        (Some(_), _) => 2,
        (None, Kind::Tls | Kind::Login) => 1,
        (None, Kind::Other) => 0,
    }
}

/// Splits a configuration into one for each host.
pub(crate) fn one_for_each_host(config: &Config) -> Vec<Config> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let ports = config.get_ports();
    let one = |at: usize| {
        let mut one = without_hosts(config);
        match hosts.get(at) {
            Some(Host::Tcp(host)) => drop(one.host(host)),
            #[cfg(unix)]
            Some(Host::Unix(path)) => drop(one.host_path(path)),
            None => {}
        }
        if let Some(address) = addresses.get(at) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(at).or(ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..hosts.len().max(addresses.len())).map(one).collect()
}

fn without_hosts(config: &Config) -> Config {
    let mut one = Config::new();
    config.get_user().map(|it| one.user(it));
    config.get_password().map(|it| one.password(it));
    config.get_dbname().map(|it| one.dbname(it));
    config.get_options().map(|it| one.options(it));
    config.get_application_name().map(|it| one.application_name(it));
    config.get_connect_timeout().map(|it| one.connect_timeout(*it));
    config.get_tcp_user_timeout().map(|it| one.tcp_user_timeout(*it));
    config.get_keepalives_interval().map(|it| one.keepalives_interval(it));
    config.get_keepalives_retries().map(|it| one.keepalives_retries(it));
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    one
}

/// Runs a future that makes a connection. Also returns the watch of the connection, if a [`Connector`] made
/// it.
pub(crate) async fn watching<F: Future>(connect: F) -> (F::Output, Option<Arc<Watch>>) {
    let scope = async {
        let connected = connect.await;
        (connected, WATCH.with(RefCell::take))
    };
    WATCH.scope(RefCell::default(), scope).await
}

/// The messages of a server that are not answers to statements.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    notified: Notify,
    warning: Mutex<Option<String>>,
}

impl Watch {
    /// Runs a connection until it ends.
    async fn keep<S, T>(self: Arc<Self>, mut connection: Connection<S, T>)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        // The client reports the end of the connection.
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                AsyncMessage::Notification(_) => self.notified.notify_one(),
                AsyncMessage::Notice(notice) => self.hear(&notice),
                _ => {}
            }
        }
    }

    fn hear(&self, notice: &DbError) {
        if notice.parsed_severity() == Some(Severity::Warning) {
            *self.warning.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(notice.message().to_owned());
        }
    }

    /// The last warning since the previous call.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.warning.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for a notification.
    pub(crate) async fn notified(&self) {
        self.notified.notified().await;
    }
}
