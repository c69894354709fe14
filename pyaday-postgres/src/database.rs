//! Where a database is, and how to connect to it.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::future::join_all;
use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::connector::{Connecting, first_of, one_for_each_host, start};
use crate::error::ConnectError;
use crate::parameters::{Environment, Parameters};
use crate::passfile::{self, Login};
use crate::security::Security;
use crate::url;

/// How long the names of hosts are looked up before the name server counts as away.
const LOOKUP: Duration = Duration::from_secs(5);

/// Where a database is, and how to connect to it: what a URL, a service file, the environment and the
/// password file say. [`PostgresStore::connect`](crate::PostgresStore::connect) documents all of them.
///
/// A host that needs a connection of its own to the database of a store makes it with
/// [`connect`](Self::connect), so that it is as safe as those of the store.
///
/// ```no_run
/// use pyaday_postgres::{Database, PostgresOptions, PostgresStore};
///
/// # async fn both() -> Result<(), Box<dyn std::error::Error>> {
/// let database = Database::from_url("postgres://pyaday@db1/pyaday?sslmode=verify-full")?;
/// let store = PostgresStore::open(&database, PostgresOptions::new()).await?;
/// let client = database.connect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Database {
    /// One for each host.
    hosts: Arc<[Config]>,
    #[cfg(feature = "tls")]
    tls: tokio_postgres_rustls::MakeRustlsConnect,
    notices: Arc<[String]>,
}

impl Database {
    /// Reads a URL, or `key=value` pairs, and what they leave out.
    ///
    /// # Errors
    /// [`ConnectError`] if something cannot be read, or contradicts itself. It shows no password.
    pub fn from_url(url: &str) -> Result<Self, ConnectError> {
        let variable = |name: &str| env::var(name).ok();
        Self::read(url, &Environment { variable: &variable, home: env::home_dir() })
    }

    pub(crate) fn read(url: &str, environment: &Environment<'_>) -> Result<Self, ConnectError> {
        let mut parameters = Parameters::gather(url, environment)?;
        let passfile = parameters.take("passfile").map(PathBuf::from);
        let passfile = passfile.or_else(|| environment.in_home(PASSFILE));
        let security = Security::take(&mut parameters, environment)?;
        let config = url::configure(&mut parameters)?;
        let mut hosts = one_for_each_host(&config);
        let mut notices = Vec::new();
        if config.get_password().is_none()
            && let Some(path) = passfile
        {
            match passfile::read(&path) {
                Ok(text) => hosts.iter_mut().for_each(|host| set_password(host, &text)),
                Err(notice) => notices.push(notice),
            }
        }
        for host in &mut hosts {
            name_address(host);
            security.apply(host)?;
        }
        Ok(Self {
            hosts: hosts.into(),
            #[cfg(feature = "tls")]
            tls: crate::tls::connector(&security)?,
            notices: notices.into(),
        })
    }

    /// Makes a connection to the primary. A task of the runtime carries it, until the client is dropped.
    ///
    /// # Errors
    /// The database cannot be reached, or refuses the connection.
    pub async fn connect(&self) -> Result<Client, Error> {
        Ok(self.dial().await?.0)
    }

    fn dial(&self) -> Connecting<'_> {
        let one = |config: &Config| -> Connecting<'static> {
            let config = config.clone();
            #[cfg(feature = "tls")]
            if config.get_ssl_mode() != tokio_postgres::config::SslMode::Disable {
                let tls = self.tls.clone();
                return Box::pin(async move { start(&config, tls).await });
            }
            Box::pin(async move { start(&config, NoTls).await })
        };
        let connecting = self.hosts.iter().map(one).collect();
        Box::pin(first_of(connecting))
    }

    /// A pool whose connections are those of the database.
    pub(crate) fn pool(&self) -> Result<Pool, ConnectError> {
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(Config::new(), Dialler(self.clone()), fast);
        Pool::builder(manager)
            .build()
            .map_err(|error| ConnectError::Url { source: Arc::new(error) })
    }

    /// Looks up the names of all hosts. If none of them has an address, the names are wrong.
    pub(crate) async fn check_names(&self) -> Result<(), ConnectError> {
        let lookups = join_all(self.hosts.iter().map(look_up)).await;
        match lookups.iter().any(Result::is_ok) {
            true => Ok(()),
            false => lookups.into_iter().next().unwrap_or(Ok(())),
        }
    }

    /// The hosts, for messages: names, addresses or folders of sockets, without anything else of the URL.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let hosts = self.hosts.iter().flat_map(Config::get_hosts);
        let hosts = hosts.map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        hosts.collect()
    }

    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(|it| (it.get_hosts(), it.get_ports())).collect();
        f.debug_struct("Database").field("hosts", &hosts).finish_non_exhaustive()
    }
}

/// The password file in the home folder of a user.
#[cfg(not(windows))]
const PASSFILE: &str = ".pgpass";
#[cfg(windows)]
const PASSFILE: &str = r"AppData\Roaming\postgresql\pgpass.conf";

/// Makes the connections of a pool.
#[derive(Debug)]
struct Dialler(Database);

impl Connect for Dialler {
    fn connect(&self, _: &Config) -> Connecting<'_> {
        self.0.dial()
    }
}

/// Sets the password that the text of a password file has for the only host of a configuration.
fn set_password(config: &mut Config, text: &str) {
    /// The folders of sockets that libpq takes for the host `localhost`.
    const DEFAULT_SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

    let host = match (config.get_hosts(), config.get_hostaddrs()) {
        ([Host::Tcp(host), ..], _) => host.clone(),
        #[cfg(unix)]
        ([Host::Unix(folder), ..], _) => folder.display().to_string(),
        ([], [address, ..]) => address.to_string(),
        ([], []) => return,
    };
    let host = if DEFAULT_SOCKETS.contains(&host.as_str()) { "localhost" } else { host.as_str() };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let Some(user) = config.get_user() else { return };
    let database = config.get_dbname().unwrap_or(user);
    if let Some(password) = passfile::find(text, &Login { host, port, database, user }) {
        config.password(password);
    }
}

/// Gives a host that has only an address this address as its name, which TLS needs.
fn name_address(config: &mut Config) {
    if config.get_hosts().is_empty()
        && let Some(address) = config.get_hostaddrs().first()
    {
        config.host(address.to_string());
    }
}

/// Looks up the name of the only host of a configuration. Only a name that has no address is an error.
async fn look_up(config: &Config) -> Result<(), ConnectError> {
    let [Host::Tcp(host), ..] = config.get_hosts() else { return Ok(()) };
    if !config.get_hostaddrs().is_empty() {
        return Ok(());
    }
    match timeout(LOOKUP, lookup_host((host.as_str(), 0))).await {
        Ok(Err(error)) => {
            Err(ConnectError::UnknownHost { host: host.clone(), source: Arc::new(error) })
        }
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}
