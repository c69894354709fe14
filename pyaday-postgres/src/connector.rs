//! How connections are made: to the primary, whichever host that is, and with an eye on what the
//! server says besides answers.

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
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};

tokio::task_local! {
    /// Where a connector leaves the watch of the connection that it makes.
    static WATCH: RefCell<Option<Arc<Watch>>>;
}

/// Makes the connections of a pool.
///
/// It asks all hosts of a configuration at once and takes the first that fits
/// `target_session_attrs`, so that hosts which are silent cost no time. And it hears the server's
/// warnings and notifications, without which a store learns of others' writes by asking only, and not
/// at all of a commit that an administrator has cut short.
///
/// ```no_run
/// use deadpool_postgres::{Manager, ManagerConfig, Pool};
/// use pyaday_postgres::{Connector, Options, PostgresStore};
/// use tokio_postgres::NoTls; // or a connector of TLS
///
/// # async fn store() -> Result<PostgresStore, Box<dyn std::error::Error>> {
/// let config = "postgres://pyaday@db1,db2,db3/pyaday?target_session_attrs=read-write".parse()?;
/// let manager = Manager::from_connect(config, Connector::new(NoTls), ManagerConfig::default());
/// let pool = Pool::builder(manager).runtime(deadpool_postgres::Runtime::Tokio1).build()?;
/// let store = PostgresStore::with_pool(pool, Options::new()).await?;
/// # Ok(store)
/// # }
/// ```
#[derive(Clone)]
pub struct Connector<T> {
    tls: T,
}

impl<T> Connector<T> {
    /// One whose connections have this TLS.
    pub fn new(tls: T) -> Self {
        Self { tls }
    }
}

impl<T> fmt::Debug for Connector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl<T> Connect for Connector<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let configs = one_for_each_host(config);
        let connecting = configs.into_iter().map(|config| {
            let tls = self.tls.clone();
            async move { config.connect(tls).await }
        });
        let mut connecting: FuturesUnordered<_> = connecting.collect();
        Box::pin(async move {
            let mut failed: Option<Error> = None;
            while let Some(result) = connecting.next().await {
                match result {
                    Ok((client, connection)) => {
                        let watch = Arc::new(Watch::default());
                        let _ = WATCH.try_with(|slot| slot.replace(Some(Arc::clone(&watch))));
                        return Ok((client, spawn(watch.keep(connection))));
                    }
                    // What a server says tells more than that another is not there.
                    Err(error) if failed.as_ref().is_none_or(|it| it.code().is_none()) => {
                        failed = Some(error);
                    }
                    Err(_) => {}
                }
            }
            match failed {
                Some(error) => Err(error),
                // Without a host; this says so.
                None => {
                    Config::new().connect(self.tls.clone()).await.map(|(client, connection)| {
                        (client, spawn(Arc::new(Watch::default()).keep(connection)))
                    })
                }
            }
        })
    }
}

/// The same configuration for each of its hosts alone.
fn one_for_each_host(config: &Config) -> Vec<Config> {
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

/// Runs what makes a connection; with it, what hears the server, if the connection was made by a
/// [`Connector`].
pub(crate) async fn watching<F: Future>(connect: F) -> (F::Output, Option<Arc<Watch>>) {
    let scope = async {
        let connected = connect.await;
        (connected, WATCH.with(RefCell::take))
    };
    WATCH.scope(RefCell::default(), scope).await
}

/// What a server says besides its answers.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    notified: Notify,
    warning: Mutex<Option<String>>,
}

impl Watch {
    /// Keeps a connection going until it ends.
    async fn keep<S, T>(self: Arc<Self>, mut connection: Connection<S, T>)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        // Its end shows in the client.
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

    /// The last warning since it was taken before.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.warning.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for a notification.
    pub(crate) async fn notified(&self) {
        self.notified.notified().await;
    }
}
