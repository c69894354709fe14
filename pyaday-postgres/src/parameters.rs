//! The parameters of a connection, as the users of PostgreSQL's own programs know them: those of a URL or
//! of `key=value` pairs, then those of a service file, then those of the environment.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::error::ConnectError;
use crate::service;

/// The parameters that a store knows, with their environment variables.
const KNOWN: [(&str, Option<&str>); 26] = [
    ("application_name", Some("PGAPPNAME")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("keepalives", None),
    ("keepalives_count", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    // What tokio-postgres calls `keepalives_count`.
    ("keepalives_retries", None),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("options", Some("PGOPTIONS")),
    ("passfile", Some("PGPASSFILE")),
    ("password", Some("PGPASSWORD")),
    ("port", Some("PGPORT")),
    ("service", Some("PGSERVICE")),
    ("servicefile", Some("PGSERVICEFILE")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("target_session_attrs", None),
    ("tcp_user_timeout", None),
    ("user", Some("PGUSER")),
];

/// The parameters of libpq that a store does not know. A message may name them, while another name may be
/// a part of a password.
const UNSUPPORTED: [&str; 19] = [
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkeylogfile",
    "sslpassword",
    "sslsni",
];

/// Where parameters and files come from that a URL leaves out.
pub(crate) struct Environment<'a> {
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) home: Option<PathBuf>,
}

impl Environment<'_> {
    /// A file in the home folder of the user.
    pub(crate) fn in_home(&self, file: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(file))
    }
}

/// The values of parameters by their names.
#[derive(Default)]
pub(crate) struct Parameters(BTreeMap<&'static str, String>);

impl Parameters {
    /// The parameters that a text gives, then those of the service that it or the environment names, then
    /// those of the environment.
    ///
    /// # Errors
    /// The text or the service cannot be read. The error holds no value and no unknown name.
    pub(crate) fn gather(text: &str, environment: &Environment<'_>) -> Result<Self, ConnectError> {
        let mut parameters = Self::parse(text)?;
        for name in ["service", "servicefile"] {
            parameters.fill_in_variable(name, environment);
        }
        let file = parameters.take("servicefile").map(PathBuf::from);
        if let Some(service) = parameters.take("service") {
            parameters.fill_in(service::read(&service, file, environment)?);
        }
        for (name, _) in KNOWN {
            if !matches!(name, "service" | "servicefile") {
                parameters.fill_in_variable(name, environment);
            }
        }
        // libpq takes an empty value for one that is left out.
        parameters.0.retain(|_, value| !value.is_empty());
        Ok(parameters)
    }

    fn parse(text: &str) -> Result<Self, ConnectError> {
        match text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            Some(rest) => of_url(rest),
            None if begins_with_key(text) => of_pairs(text),
            None => Err(ConnectError::Unsupported { fault: "must begin with `postgres://`" }),
        }
    }

    /// Sets a parameter. A later value replaces an earlier one.
    pub(crate) fn set(&mut self, name: &str, value: String) -> Result<(), ConnectError> {
        // What JDBC calls `sslmode=require`, and libpq takes too.
        if (name, value.as_str()) == ("ssl", "true") {
            return self.set("sslmode", "require".to_owned());
        }
        if let Some(name) = UNSUPPORTED.into_iter().find(|known| *known == name) {
            let fault = "is not supported: leave it out".to_owned();
            return Err(ConnectError::Parameter { name, fault });
        }
        let known = KNOWN.into_iter().find(|(known, _)| *known == name);
        let (name, _) = known.ok_or_else(ConnectError::unreadable)?;
        let name = if name == "keepalives_retries" { "keepalives_count" } else { name };
        self.0.insert(name, value);
        Ok(())
    }

    fn fill_in(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    fn fill_in_variable(&mut self, name: &'static str, environment: &Environment<'_>) {
        let variable = KNOWN.into_iter().find(|(known, _)| *known == name);
        if let Some(value) = variable.and_then(|(_, it)| (environment.variable)(it?)) {
            self.0.entry(name).or_insert(value);
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// All of them as pairs that the parser of tokio-postgres takes.
    pub(crate) fn to_pairs(&self) -> String {
        let pair = |(name, value): (&&str, &String)| {
            let name = if *name == "keepalives_count" { "keepalives_retries" } else { name };
            format!("{name}='{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
        };
        self.0.iter().map(pair).collect::<Vec<_>>().join(" ")
    }
}

/// True if a text begins like a `key=value` pair.
fn begins_with_key(text: &str) -> bool {
    let key = text.split('=').next().unwrap_or_default().trim();
    text.contains('=')
        && !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Reads what follows `postgres://`: `USER:PASSWORD@HOST:PORT,…/DATABASE?NAME=VALUE&…`.
fn of_url(rest: &str) -> Result<Parameters, ConnectError> {
    // The user information ends at the first `@`. With another one, a part of the password would be taken
    // for a host.
    if rest.matches('@').count() > 1 {
        let fault = "has more than one `@`: write those of a name or a password as `%40`";
        return Err(ConnectError::Unsupported { fault });
    }
    let mut parameters = Parameters::default();
    let rest = match rest.split_once('@') {
        Some((user, rest)) => {
            let (user, password) =
                user.split_once(':').map_or((user, None), |(user, it)| (user, Some(it)));
            parameters.set("user", decode(user)?)?;
            password.map(|it| parameters.set("password", decode(it)?)).transpose()?;
            rest
        }
        None => rest,
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
    set_hosts(&mut parameters, hosts)?;
    if !database.is_empty() {
        parameters.set("dbname", decode(database)?)?;
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(ConnectError::unreadable)?;
        parameters.set(&decode(name)?, decode(value)?)?;
    }
    Ok(parameters)
}

/// Sets the hosts and the ports of a URL.
fn set_hosts(parameters: &mut Parameters, text: &str) -> Result<(), ConnectError> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for host in text.split(',') {
        // An IPv6 address has colons, and is in brackets.
        let (host, port) = match host.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((address, "")) => (address, ""),
            Some((address, port)) => {
                (address, port.strip_prefix(':').ok_or_else(ConnectError::unreadable)?)
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        hosts.push(decode(host)?);
        ports.push(decode(port)?);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        parameters.set("host", hosts.join(","))?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.set("port", ports.join(","))?;
    }
    Ok(())
}

fn decode(text: &str) -> Result<String, ConnectError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| ConnectError::unreadable())?;
    Ok(text.into_owned())
}

/// Reads pairs such as `host=db1 password='it''s'`. In a value, `\` takes the next character as it is.
fn of_pairs(text: &str) -> Result<Parameters, ConnectError> {
    let mut parameters = Parameters::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=').ok_or_else(ConnectError::unreadable)?;
        let (value, after) = value_of_pair(value.trim_start())?;
        parameters.set(name.trim(), value)?;
        rest = after.trim_start();
    }
    Ok(parameters)
}

/// The value at the beginning of a text, and what follows it.
fn value_of_pair(text: &str) -> Result<(String, &str), ConnectError> {
    let (text, is_quoted) = match text.strip_prefix('\'') {
        Some(quoted) => (quoted, true),
        None => (text, false),
    };
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, it)| it)),
            '\'' if is_quoted => return Ok((value, &text[at + 1..])),
            it if it.is_whitespace() && !is_quoted => return Ok((value, &text[at..])),
            it => value.push(it),
        }
    }
    match is_quoted {
        true => Err(ConnectError::unreadable()),
        false => Ok((value, "")),
    }
}
