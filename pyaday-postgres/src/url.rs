//! Makes a configuration of the parameters of a database, and sets defaults for those that are left out.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use crate::error::ConnectError;
use crate::parameters::Parameters;

/// How long one host may take to accept a connection. All hosts are asked at once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long sent data may stay unacknowledged before the connection is given up.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may be idle before TCP probes it.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// The value of `keepalives_idle` if it is not set.
const DEFAULT_KEEPALIVE: Duration = Duration::from_secs(2 * 60 * 60);

/// Makes a configuration.
pub(crate) fn configure(parameters: &Parameters) -> Result<Config, ConnectError> {
    let unsupported = |fault| Err(ConnectError::Unsupported { fault });
    let mut config: Config = parameters.to_pairs().parse().map_err(ConnectError::of_url)?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return unsupported("names no host");
    }
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    if hosts != 0 && addresses != 0 && hosts != addresses {
        return unsupported("has another number of `hostaddr` than of hosts");
    }
    if config.get_ports().len() > 1 && config.get_ports().len() != hosts.max(addresses) {
        return unsupported("has another number of ports than of hosts");
    }
    if config.get_target_session_attrs() == TargetSessionAttrs::ReadOnly {
        return unsupported(
            "asks for a server that cannot be written: leave `target_session_attrs` out",
        );
    }
    // A store needs the primary, whichever host that is.
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(TCP_USER_TIMEOUT);
    }
    if config.get_keepalives_idle() == DEFAULT_KEEPALIVE {
        config.keepalives_idle(KEEPALIVE).keepalives_interval(Duration::from_secs(1));
        config.keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("pyaday");
    }
    if config.get_user().is_none()
        && let Ok(user) = whoami::username()
    {
        config.user(user);
    }
    Ok(config)
}
