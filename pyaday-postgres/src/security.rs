//! Decides which connections use TLS, and what they check.

use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, Host, SslMode};

use crate::error::ConnectError;
use crate::parameters::{Environment, Parameters};

/// The value of `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// What a connection checks about the certificate of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// Nothing.
    None,
    /// That an authority which is trusted has signed it.
    Authority,
    /// That also, and that it is for the host.
    AuthorityAndHost,
}

/// What the parameters say about TLS.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "tls"),
    expect(
        dead_code,
        reason = "without TLS, the files are not read, but what names them is checked"
    )
)]
pub(crate) struct Security {
    mode: Mode,
    pub(crate) check: Check,
    pub(crate) root_certificates: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
}

/// The value of `sslrootcert` that means the authorities which the system trusts.
pub(crate) const SYSTEM: &str = "system";

fn wrong(name: &'static str, fault: impl Into<String>) -> ConnectError {
    ConnectError::Parameter { name, fault: fault.into() }
}

impl Security {
    /// Takes what it needs out of the parameters.
    pub(crate) fn take(
        parameters: &mut Parameters,
        environment: &Environment<'_>,
    ) -> Result<Self, ConnectError> {
        let root_certificates = parameters.take("sslrootcert");
        let is_system = root_certificates.as_deref() == Some(SYSTEM);
        let mode = match parameters.take("sslmode").as_deref() {
            None if is_system => Mode::VerifyFull,
            None | Some("prefer") => Mode::Prefer,
            Some("disable") => Mode::Disable,
            Some("require") => Mode::Require,
            Some("verify-ca") => Mode::VerifyCa,
            Some("verify-full") => Mode::VerifyFull,
            Some("allow") => {
                return Err(wrong("sslmode", "cannot be `allow`: write `disable` or `require`"));
            }
            Some(_) => {
                return Err(wrong(
                    "sslmode",
                    "is not one of `disable`, `prefer`, `require`, `verify-ca` and `verify-full`",
                ));
            }
        };
        if is_system && matches!(mode, Mode::Prefer | Mode::Require | Mode::VerifyCa) {
            let fault = "must be `verify-full` with `sslrootcert=system`, because anybody can get a \
                         certificate for a host of their own";
            return Err(wrong("sslmode", fault));
        }
        let in_home = |file: &str| {
            let file = environment.in_home(".postgresql")?.join(file);
            file.exists().then(|| file.display().to_string())
        };
        let root_certificates = root_certificates.or_else(|| in_home("root.crt"));
        let check = match mode {
            Mode::Disable | Mode::Prefer => Check::None,
            // With root certificates, libpq checks the certificate in this mode too.
            Mode::Require if root_certificates.is_none() => Check::None,
            Mode::Require | Mode::VerifyCa => Check::Authority,
            Mode::VerifyFull => Check::AuthorityAndHost,
        };
        if check != Check::None && root_certificates.is_none() {
            let fault = "needs to know whom to trust: name a file of root certificates by \
                         `sslrootcert`, or put it at `~/.postgresql/root.crt`, or write \
                         `sslrootcert=system`";
            return Err(wrong("sslmode", fault));
        }
        let certificate = parameters.take("sslcert").or_else(|| in_home("postgresql.crt"));
        let key = parameters.take("sslkey").or_else(|| in_home("postgresql.key"));
        if certificate.is_some() && key.is_none() {
            return Err(wrong(
                "sslkey",
                "is missing: name the file of the private key of `sslcert`",
            ));
        }
        let it = Self { mode, check, root_certificates, certificate, key };
        it.check_channel_binding(parameters)?;
        Ok(it)
    }

    fn check_channel_binding(&self, parameters: &Parameters) -> Result<(), ConnectError> {
        match parameters.get("channel_binding") {
            Some("require") if self.mode == Mode::Disable => {
                Err(wrong("channel_binding", "cannot be `require` with `sslmode=disable`"))
            }
            _ => Ok(()),
        }
    }

    /// Sets whether the connections to the only host of a configuration use TLS.
    ///
    /// Where it does not matter much, [`SslMode::Prefer`] also takes a server without TLS. But a password is
    /// not sent in clear over a network unless `sslmode=disable` says so.
    pub(crate) fn apply(&self, config: &mut Config) -> Result<(), ConnectError> {
        let has_password = config.get_password().is_some();
        let mode = match self.mode {
            // As in libpq, TLS is for networks.
            _ if is_socket(config) => SslMode::Disable,
            Mode::Disable => SslMode::Disable,
            Mode::Prefer if is_loopback(config) || !has_password => SslMode::Prefer,
            Mode::Prefer if cfg!(not(feature = "tls")) => {
                let fault = "must be `disable` if the password may be sent without TLS, for this program \
                             was built without the feature `tls` of pyaday-postgres";
                return Err(wrong("sslmode", fault));
            }
            Mode::Prefer => SslMode::Require,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull if cfg!(not(feature = "tls")) => {
                let fault = "asks for TLS, but this program was built without the feature `tls` of \
                             pyaday-postgres: build it with the feature, or give a pool with a TLS \
                             connector to `PostgresStore::with_pool`";
                return Err(wrong("sslmode", fault));
            }
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        };
        if mode != SslMode::Require && config.get_channel_binding() == ChannelBinding::Require {
            let fault = "cannot be `require` without TLS: write `sslmode=verify-full` too";
            return Err(wrong("channel_binding", fault));
        }
        config.ssl_mode(mode);
        Ok(())
    }
}

/// True if the connection is to a socket. An address decides over the host beside it.
fn is_socket(config: &Config) -> bool {
    #[cfg(unix)]
    if config.get_hostaddrs().is_empty() && matches!(config.get_hosts(), [Host::Unix(_)]) {
        return true;
    }
    let _ = config;
    false
}

/// True if the connection does not leave the machine.
fn is_loopback(config: &Config) -> bool {
    match (config.get_hostaddrs(), config.get_hosts()) {
        ([address, ..], _) => address.is_loopback(),
        (_, [Host::Tcp(host), ..]) => {
            host == "localhost" || host.parse().is_ok_and(|it: IpAddr| it.is_loopback())
        }
        _ => false,
    }
}
