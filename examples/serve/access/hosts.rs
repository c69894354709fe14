//! The hosts that a server answers for.

use std::net::SocketAddr;

use axum::http::Uri;
use pyaday_core::{Host, PublicUrl};

use super::AccessError;
use crate::url::shown;

/// The names of this machine that no page of the Internet can have.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// True if only this machine can reach the address.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    // An IPv4 address may be written as an IPv6 address (RFC 4291 §2.5.5.2).
    address.ip().to_canonical().is_loopback()
}

/// The hosts that a server answers for.
#[derive(Clone, Debug)]
pub(super) enum Hosts {
    /// All hosts.
    Any,
    /// These hosts only.
    Listed(Vec<Host>),
    /// On a loopback address these hosts only, and otherwise all hosts.
    Loopback(Vec<Host>),
}

impl Hosts {
    /// Makes the hosts that were given, or the default ones: the names of the loopback addresses and
    /// the host of `--bind`. The host of the public URL is always added.
    pub(super) fn new(
        given: &[String],
        bind: &str,
        public_url: Option<&PublicUrl>,
    ) -> Result<Self, AccessError> {
        if given.iter().any(|host| host == "*") {
            return Ok(Self::Any);
        }
        let public = public_url.and_then(host_of);
        if !given.is_empty() {
            let given = given.iter().map(|host| {
                host.parse().map_err(|rule| AccessError::Host { host: shown(host), rule })
            });
            let given = given.collect::<Result<Vec<_>, _>>()?;
            return Ok(Self::Listed(given.into_iter().chain(public).collect()));
        }
        let bound = bind.rsplit_once(':').map(|(host, _port)| host);
        let default = LOOPBACK.into_iter().chain(bound).filter_map(|host| host.parse().ok());
        Ok(Self::Loopback(default.chain(public).collect()))
    }

    /// The hosts at this address. `None` if they are not limited.
    pub(super) fn at(&self, address: SocketAddr) -> Option<Vec<Host>> {
        match self {
            Self::Listed(hosts) => Some(hosts.clone()),
            Self::Loopback(hosts) if is_loopback(address) => Some(hosts.clone()),
            Self::Any | Self::Loopback(_) => None,
        }
    }
}

/// The host of a URL with any port: a proxy may send it with or without the port.
fn host_of(url: &PublicUrl) -> Option<Host> {
    url.as_str().parse::<Uri>().ok()?.host()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_addresses_are_loopback() {
        for (address, expected) in [
            ("127.0.0.1:80", true),
            ("127.255.255.254:80", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("[::ffff:0.0.0.0]:80", false),
            ("192.168.0.1:80", false),
            ("[::ffff:192.168.0.1]:80", false),
            ("[fe80::1]:80", false),
            ("128.0.0.1:80", false),
        ] {
            assert_eq!(address.parse().map(is_loopback), Ok(expected), "{address}");
        }
    }
}
