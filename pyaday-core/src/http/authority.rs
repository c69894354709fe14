//! Hosts and origins, and how they are compared.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use http::header::HOST;
use http::request::Parts;

use crate::package::InvalidValue;

/// The maximum length of a host name, in bytes ([RFC
/// 1035](https://www.rfc-editor.org/rfc/rfc1035)).
pub(crate) const MAX_HOST_BYTES: usize = 255;

/// A host that this service answers for: a host name or an IP address, and a port if only that port
/// is meant. It is used in [`Options::hosts`](crate::Options::hosts).
///
/// Hosts are compared as browsers compare them: in any letter case, with or without a dot at the
/// end, and IPv6 addresses by their value. An international name must be in its ASCII form
/// (`xn--…`).
///
/// ```
/// use pyaday_core::Host;
///
/// let any_port: Host = "example.org".parse()?;
/// let one_port: Host = "[::1]:5000".parse()?;
/// assert!("https://example.org".parse::<Host>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Host(Authority<Box<str>>);

impl Host {
    /// True if a request with this authority is for this host. A host without a port accepts every
    /// port. A request without a port uses the default port of HTTP or of HTTPS. The request does
    /// not say which, if it came through a TLS proxy.
    pub(crate) fn accepts(&self, asked: &Authority<&str>) -> bool {
        let is_port = match (self.0.port, asked.port) {
            (None, _) => true,
            (Some(own), Some(asked)) => own == asked,
            (Some(own), None) => matches!(own, 80 | 443),
        };
        is_port && self.0.has_host_of(asked)
    }
}

impl FromStr for Host {
    type Err = InvalidValue;

    fn from_str(host: &str) -> Result<Self, InvalidValue> {
        Authority::parse(host).map(|it| Self(it.to_owned())).ok_or(InvalidValue::new(
            "must be a host name in ASCII or an IP address, with or without a port, such as \
             example.org or [::1]:5000",
        ))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&format_args!("{}", self.0)).finish()
    }
}

/// The origin of a page: a scheme, a host and a port ([RFC
/// 6454](https://www.rfc-editor.org/rfc/rfc6454)). It is used in
/// [`Options::origins`](crate::Options::origins).
///
/// ```
/// use pyaday_core::Origin;
///
/// let origin: Origin = "https://example.org".parse()?;
/// assert_eq!(origin, "HTTPS://Example.org:443".parse()?);
/// assert_ne!(origin, "http://example.org".parse()?);
/// assert!("https://example.org/pages".parse::<Origin>().is_err());
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone)]
pub struct Origin {
    scheme: Box<str>,
    authority: Authority<Box<str>>,
}

impl Origin {
    /// True if both are the same origin.
    pub(crate) fn is(&self, asked: &ParsedOrigin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(asked.scheme)
            && self.authority.has_host_of(&asked.authority)
            && port(&self.scheme, self.authority.port) == asked.port()
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.authority.has_host_of(&other.authority)
            && port(&self.scheme, self.authority.port) == port(&other.scheme, other.authority.port)
    }
}

impl Eq for Origin {}

impl FromStr for Origin {
    type Err = InvalidValue;

    fn from_str(origin: &str) -> Result<Self, InvalidValue> {
        if origin == "null" {
            let rule = "must not be `null`, because a page of any site can have this origin";
            return Err(InvalidValue::new(rule));
        }
        let parsed = ParsedOrigin::parse(origin).ok_or(InvalidValue::new(
            "must be a scheme and a host in ASCII, with or without a port, such as \
             https://example.org, and nothing after it",
        ))?;
        let scheme = parsed.scheme.to_ascii_lowercase().into();
        Ok(Self { scheme, authority: parsed.authority.to_owned() })
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = format_args!("{}://{}", self.scheme, self.authority);
        f.debug_tuple("Origin").field(&origin).finish()
    }
}

/// The value of the field `Origin` of a request.
pub(crate) struct ParsedOrigin<'a> {
    scheme: &'a str,
    authority: Authority<&'a str>,
}

impl<'a> ParsedOrigin<'a> {
    /// `None` for a list of origins, `null`, and everything else that is not an origin.
    pub(crate) fn parse(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority = Authority::parse(authority).filter(|_| is_scheme)?;
        Some(Self { scheme, authority })
    }

    /// True if this is the origin of a page of the web with this host and port. The scheme of the
    /// page gives the port that is left out: the service does not know its own scheme, if clients
    /// reach it through a TLS proxy.
    pub(crate) fn is_at<T: AsRef<str>>(&self, service: &Authority<T>) -> bool {
        let default = default_port(self.scheme);
        default.is_some()
            && self.port() == service.port.or(default)
            && self.authority.has_host_of(service)
    }

    /// True if both origins have the same host and port. Their schemes may differ.
    pub(crate) fn has_host_and_port_of(&self, other: &ParsedOrigin<'_>) -> bool {
        self.port() == other.port() && self.authority.has_host_of(&other.authority)
    }

    fn port(&self) -> Option<u16> {
        port(self.scheme, self.authority.port)
    }
}

fn port(scheme: &str, port: Option<u16>) -> Option<u16> {
    port.or_else(|| default_port(scheme))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        scheme if scheme.eq_ignore_ascii_case("http") => Some(80),
        scheme if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    }
}

/// A host, and a port if one is given ([RFC 3986
/// §3.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2)). There is no user.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authority<T> {
    name: Name<T>,
    port: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<T> {
    V6(Ipv6Addr),
    /// A host name or an IPv4 address, without a dot at its end.
    Text(T),
}

impl<'a> Authority<&'a str> {
    /// `None` if the text is not a host with or without a port.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                (Name::V6(address.parse().ok()?), port)
            }
            None => {
                let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                let host = host.strip_suffix('.').unwrap_or(host);
                (Name::Text(Some(host).filter(|it| is_host_name(it))?), port)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            None => return None,
            // An empty port is the default port (RFC 3986 §3.2.3).
            Some("") => None,
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(port.parse().ok()?)
            }
            Some(_) => return None,
        };
        Some(Self { name, port })
    }

    /// The host and port that a request asks for. `None` if the request names no host, several
    /// hosts or a malformed one.
    ///
    /// If the URL of the request has an authority, it takes precedence over the field `Host` ([RFC
    /// 9112 §3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)). In HTTP/2 it is the
    /// pseudo-header field `:authority`.
    pub(crate) fn of(parts: &'a Parts) -> Option<Self> {
        if let Some(authority) = parts.uri.authority() {
            return Self::parse(authority.as_str());
        }
        let mut fields = parts.headers.get_all(HOST).iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => Self::parse(field.to_str().ok()?),
            _ => None,
        }
    }

    pub(crate) fn to_owned(self) -> Authority<Box<str>> {
        let name = match self.name {
            Name::V6(address) => Name::V6(address),
            Name::Text(name) => Name::Text(name.to_ascii_lowercase().into()),
        };
        Authority { name, port: self.port }
    }
}

impl<T: AsRef<str>> Authority<T> {
    fn has_host_of<U: AsRef<str>>(&self, other: &Authority<U>) -> bool {
        match (&self.name, &other.name) {
            (Name::V6(own), Name::V6(other)) => own == other,
            (Name::Text(own), Name::Text(other)) => {
                own.as_ref().eq_ignore_ascii_case(other.as_ref())
            }
            _ => false,
        }
    }
}

impl<T: AsRef<str>> fmt::Display for Authority<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::V6(address) => write!(f, "[{address}]")?,
            Name::Text(name) => f.write_str(name.as_ref())?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// True for a host name in ASCII, which may be an IPv4 address.
fn is_host_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    !name.is_empty() && name.len() <= MAX_HOST_BYTES && name.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_accepts_the_authorities_that_mean_it() {
        for (host, asked, is_accepted) in [
            ("example.org", "example.org", true),
            ("example.org", "EXAMPLE.org", true),
            ("Example.ORG", "example.org", true),
            ("example.org", "example.org.", true),
            ("example.org.", "example.org", true),
            ("example.org", "example.org:8080", true),
            ("example.org", "example.org:", true),
            ("example.org:8080", "example.org:8080", true),
            ("example.org:8080", "example.org:08080", true),
            ("example.org:8080", "example.org:8081", false),
            ("example.org:8080", "example.org", false),
            ("example.org:443", "example.org", true),
            ("example.org:80", "example.org", true),
            ("example.org:443", "example.org:80", false),
            ("example.org", "www.example.org", false),
            ("example.org", "example.org.evil.example", false),
            ("example.org", "xexample.org", false),
            ("127.0.0.1", "127.0.0.1:5000", true),
            ("127.0.0.1", "127.1", false),
            ("[::1]", "[::1]:5000", true),
            ("[::1]", "[0:0:0:0:0:0:0:1]", true),
            ("[2001:DB8::1]", "[2001:db8:0::1]", true),
            ("[::1]", "[::2]", false),
            ("[::1]:5000", "[::1]", false),
            ("[::ffff:127.0.0.1]", "127.0.0.1", false),
        ] {
            let own: Host = host.parse().unwrap();
            let asked = Authority::parse(asked).unwrap();
            assert_eq!(own.accepts(&asked), is_accepted, "{host} {asked}");
        }
    }

    #[test]
    fn what_is_not_a_host_is_refused() {
        for text in [
            "",
            ".",
            ":80",
            "example.org:x",
            "example.org:+80",
            "example.org:65536",
            "example.org:80:80",
            "user@example.org",
            "https://example.org",
            "example.org/",
            "example.org, evil.example",
            "bücher.example",
            "::1",
            "[::1",
            "[::1]5000",
            "[fe80::1%25eth0]",
            "[example.org]",
            &"a".repeat(256),
        ] {
            assert!(Authority::parse(text).is_none(), "{text}");
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_is_at_a_host_if_host_and_port_are_the_same() {
        for (origin, service, is_at) in [
            ("https://example.org", "example.org", true),
            ("http://example.org", "example.org", true),
            ("https://EXAMPLE.org", "example.org.", true),
            ("https://example.org", "example.org:443", true),
            ("https://example.org:443", "example.org", true),
            ("http://example.org", "example.org:443", false),
            ("http://example.org:443", "example.org", false),
            ("https://example.org", "example.org:8443", false),
            ("https://example.org:8443", "example.org:8443", true),
            ("https://example.org:8443", "example.org", false),
            ("https://evil.example", "example.org", false),
            ("https://example.org.evil.example", "example.org", false),
            ("http://[::1]:5000", "[0:0::1]:5000", true),
            ("http://[::1]:5000", "[::1]:5001", false),
            // Not a page of the web.
            ("chrome-extension://example.org", "example.org", false),
        ] {
            let origin = ParsedOrigin::parse(origin).unwrap();
            let service = Authority::parse(service).unwrap();
            assert_eq!(origin.is_at(&service), is_at, "{}://{service}", origin.scheme);
        }
    }

    #[test]
    fn a_listed_origin_has_the_same_scheme_host_and_port() {
        for (listed, origin, is_same) in [
            ("https://example.org", "https://example.org", true),
            ("https://example.org", "https://Example.org:443", true),
            ("HTTPS://example.org:443", "https://example.org", true),
            ("https://example.org", "http://example.org", false),
            ("https://example.org", "http://example.org:443", false),
            ("https://example.org", "https://example.org:8443", false),
            ("https://example.org", "https://www.example.org", false),
            ("chrome-extension://abcdef", "chrome-extension://abcdef", true),
            ("chrome-extension://abcdef", "chrome-extension://abcdeg", false),
        ] {
            let listed: Origin = listed.parse().unwrap();
            let origin = ParsedOrigin::parse(origin).unwrap();
            assert_eq!(listed.is(&origin), is_same, "{listed:?} {}", origin.scheme);
        }
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for text in [
            "",
            "null",
            "example.org",
            "//example.org",
            "https://",
            "https://example.org/",
            "https://example.org https://other.example",
            "https://user@example.org",
            "1s://example.org",
        ] {
            assert!(ParsedOrigin::parse(text).is_none(), "{text}");
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
