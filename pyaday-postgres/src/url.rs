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
pub(crate) fn configure(parameters: &mut Parameters) -> Result<Config, ConnectError> {
    let unsupported = |fault| Err(ConnectError::Unsupported { fault });
    let user_timeout = user_timeout(parameters.take("tcp_user_timeout"))?;
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
    if let Some(user_timeout) = user_timeout {
        config.tcp_user_timeout(user_timeout);
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

/// The time after which sent data that is not acknowledged ends a connection. As in libpq, the parameter has
/// milliseconds, and 0 leaves it to the system; tokio-postgres would read seconds.
fn user_timeout(parameter: Option<String>) -> Result<Option<Duration>, ConnectError> {
    let Some(text) = parameter else { return Ok(Some(TCP_USER_TIMEOUT)) };
    match text.trim().parse() {
        Ok(0) => Ok(None),
        Ok(milliseconds) => Ok(Some(Duration::from_millis(milliseconds))),
        Err(_) => Err(ConnectError::Parameter {
            name: "tcp_user_timeout",
            fault: "is not a number of milliseconds".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::user_timeout;

    #[test]
    fn the_user_timeout_has_milliseconds() {
        for (text, expected) in [
            (None, Some(Some(Duration::from_secs(3)))),
            (Some("3000"), Some(Some(Duration::from_secs(3)))),
            (Some(" 5 "), Some(Some(Duration::from_millis(5)))),
            (Some("0"), Some(None)),
            (Some("-1"), None),
            (Some("3s"), None),
        ] {
            assert_eq!(user_timeout(text.map(str::to_owned)).ok(), expected, "{text:?}");
        }
    }
}
