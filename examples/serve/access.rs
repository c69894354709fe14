//! Who may use a server, and from where: what the command line says of it.

mod error;
mod hosts;
mod on_actix;
mod on_axum;
mod origins;
mod roles;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use pyaday_core::{Actor, Options, Problem, PublicUrl};
use serde_json::{Map, Value};

pub use self::error::AccessError;
use self::hosts::Hosts;
pub(crate) use self::hosts::is_loopback;
use self::origins::Origins;
use self::roles::Policy;
use self::tokens::{Source, Tokens};
use crate::{Arguments, sign_in};

/// Who may use a server, and from where. A clone shares the tokens.
#[derive(Clone, Debug)]
pub struct AccessRules {
    tokens: Arc<Tokens>,
    policy: Policy,
    hosts: Hosts,
    origins: Option<Arc<Origins>>,
    is_open: bool,
    /// True if clients use https.
    is_https: bool,
    /// The host and port of the public URL.
    public_host: Option<Box<str>>,
}

impl AccessRules {
    /// Reads the files and the variables of the tokens, and checks that the options fit together.
    ///
    /// # Errors
    /// A token cannot be read or used, a host or an origin is malformed, or two options contradict each
    /// other.
    pub fn new(options: &Arguments, public_url: Option<&PublicUrl>) -> Result<Self, AccessError> {
        let writers = Source::find("--token-file", options.token_file.as_deref(), "PYADAY_TOKEN")?;
        let readers = Source::find(
            "--read-token-file",
            options.read_token_file.as_deref(),
            "PYADAY_READ_TOKEN",
        )?;
        if options.open && (writers.is_some() || readers.is_some()) {
            return Err(AccessError::OpenWithToken);
        }
        if readers.is_some() && writers.is_none() && !options.read_only {
            return Err(AccessError::NobodyWrites);
        }
        let policy = Policy {
            is_read_only: options.read_only,
            writes_need_token: writers.is_some(),
            reads_need_token: readers.is_some(),
        };
        Ok(Self {
            tokens: Arc::new(Tokens::read(writers, readers)?),
            policy,
            hosts: Hosts::new(&options.hosts, &options.bind, public_url)?,
            origins: Origins::new(&options.cors)?.map(Arc::new),
            is_open: options.open,
            is_https: public_url.is_some_and(|url| url.as_str().starts_with("https:")),
            public_host: public_url.and_then(|url| Some(host_and_port(url.as_str())?.into())),
        })
    }

    /// Refuses an address that other machines may reach, if anyone could write there and nobody has said
    /// that this is meant.
    ///
    /// # Errors
    /// Other machines may reach the address, and there is no token for writes.
    pub fn check_address(&self, address: SocketAddr) -> Result<(), AccessError> {
        let is_protected = self.policy.writes_need_token || self.policy.is_read_only;
        if is_protected || self.is_open || is_loopback(address) {
            Ok(())
        } else {
            Err(AccessError::Exposed { address })
        }
    }

    /// Adds the rules to the options of the catalogue that is served at an address.
    #[must_use]
    pub fn apply(&self, mut options: Options, address: SocketAddr) -> Options {
        if let Some(hosts) = self.hosts.at(address) {
            options = options.hosts(hosts);
        }
        if let Some(origins) = &self.origins {
            options = options.origins(origins.listed().iter().cloned());
        }
        self.policy.apply(options)
    }

    /// Says in a problem details object which option of the server decides what it refuses.
    pub fn explain(&self, problem: &Problem, members: &mut Map<String, Value>) {
        self.policy.explain(problem, members);
    }

    /// True if anything needs a token.
    pub(crate) fn needs_token(&self) -> bool {
        self.policy.needs_token()
    }

    /// True if clients use https, as far as the public URL says.
    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// True if this is the origin of the service, for clients that ask at this `Host`.
    pub(crate) fn is_own_origin(&self, origin: &[u8], host: Option<&[u8]>) -> bool {
        let Some(asked) = str::from_utf8(origin).ok().and_then(host_and_port) else {
            return false;
        };
        host == Some(asked.as_bytes()) || self.public_host.as_deref() == Some(asked)
    }

    /// The owner of a token, if the server knows it.
    pub(crate) fn owner(&self, token: &[u8]) -> Option<Actor> {
        self.tokens.owner(token).cloned()
    }

    /// The actor of a request with these `Authorization` fields, or if none of them is for these rules, with
    /// these `Cookie` fields. A proxy may ask for a password of its own in `Authorization`. `None` if no field is for these rules. A cookie with a token that is not known is as if it were
    /// absent, so that its owner can still read what anyone may, and sign in again.
    fn actor<'a>(
        &self,
        authorization: impl Iterator<Item = &'a [u8]>,
        cookies: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Actor> {
        if !self.needs_token() {
            return None;
        }
        self.tokens.actor(authorization).or_else(|| self.owner(sign_in::token(cookies)?))
    }
}

/// The host and port of a URL or an origin.
fn host_and_port(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split('/').next()
}
