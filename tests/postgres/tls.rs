//! Facts about how a store connects: TLS, certificates, passwords and the names of hosts.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pyaday_core::PackageStore;
use pyaday_postgres::{ConnectError, Database, PostgresOptions, PostgresStore};

use super::events::until;
use super::first_import::start_at;
use super::node::Node;
use super::proxy::Proxy;
use super::stores::RUNTIME;
use crate::support::tools::{Tool, are_there, run};

const PASSWORD: &str = "s3cret:word";
/// The same in a URL.
const ENCODED: &str = "s3cret%3Aword";

/// Who may log in, and how. The user `clear` sends the password as it is.
const ACCESS: &str = "
host    all pyaday    127.0.0.1/32 trust
host    all clear     127.0.0.1/32 password
hostssl all scram     127.0.0.1/32 scram-sha-256
hostssl all certified 127.0.0.1/32 cert
";

/// A server with TLS, whose certificate is for `localhost`.
struct Server {
    node: Node,
    keys: Keys,
}

/// Certificates and keys in a folder.
struct Keys(PathBuf);

impl Keys {
    /// Two authorities, and certificates of the first one for a server and for a client.
    fn make(name: &str) -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{}", name.replace(' ', "-")));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let keys = Self(folder);
        for authority in ["authority", "other"] {
            keys.openssl(&["req", "-x509", "-subj", &format!("/CN={authority}")], authority);
        }
        let by = [keys.path("authority.crt"), keys.path("authority.key")];
        let by = ["-CA", &by[0], "-CAkey", &by[1]];
        for (name, subject, names) in
            [("server", "/CN=server", "DNS:localhost"), ("client", "/CN=certified", "DNS:client")]
        {
            let names = format!("subjectAltName={names}");
            let extensions = ["-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"];
            let arguments = [&["req", "-x509", "-subj", subject], &by[..], &extensions].concat();
            keys.openssl(&arguments, name);
        }
        keys
    }

    /// Makes a key and its certificate.
    fn openssl(&self, arguments: &[&str], name: &str) {
        let files = [self.path(&format!("{name}.key")), self.path(&format!("{name}.crt"))];
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let out = ["-days", "3650", "-keyout", &files[0], "-out", &files[1]];
        assert!(run("openssl", &[arguments, &key, &out].concat()), "{arguments:?}");
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).to_str().unwrap().to_owned()
    }
}

impl Server {
    fn start(name: &str) -> Option<Self> {
        if !are_there(name, &[Tool::Postgres, Tool::Program("openssl")]) {
            return None;
        }
        let (node, keys) = (Node::start(name), Keys::make(name));
        for file in ["server.key", "server.crt", "authority.crt"] {
            node.put(file, &fs::read(keys.path(file)).unwrap());
        }
        node.put("pg_hba.conf", ACCESS.as_bytes());
        for role in ["clear", "scram", "certified"] {
            let role = format!("CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{PASSWORD}'");
            node.sql(&role).unwrap();
        }
        node.sql("ALTER SYSTEM SET ssl_ca_file = 'authority.crt'").unwrap();
        let server = Self { node, keys };
        server.offer_tls(true);
        Some(server)
    }

    fn offer_tls(&self, is_offered: bool) {
        let (setting, mode) = if is_offered { ("on", "require") } else { ("off", "disable") };
        self.node.sql(&format!("ALTER SYSTEM SET ssl = {setting}")).unwrap();
        self.node.sql("SELECT pg_reload_conf()").unwrap();
        let other = if is_offered { "disable" } else { "require" };
        until("the server offers TLS, or does not", || {
            let url = |mode| self.url("pyaday", "localhost", &format!("sslmode={mode}"));
            let is_there = tls_of(&url(mode)).is_ok();
            (is_there && (is_offered || tls_of(&url(other)).is_err())).then_some(())
        });
    }

    fn url(&self, user: &str, host: &str, parameters: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres?{parameters}", self.node.port())
    }
}

/// Whether a connection uses TLS, or why there is none.
fn tls_of(url: &str) -> Result<bool, Box<dyn Error>> {
    RUNTIME.block_on(async {
        let client = Database::from_url(url)?.connect().await?;
        let row = client
            .query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[])
            .await?;
        Ok(row.get(0))
    })
}

fn open(url: &str) -> Result<PostgresStore, ConnectError> {
    RUNTIME.block_on(PostgresStore::connect(url, PostgresOptions::new()))
}

/// An error with its causes. None of them shows the password.
fn words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    assert!(!format!("{text} {error:?}").contains("s3cret"), "{text}");
    text
}

/// The server asks for the password in clear, and everything that the client sends is looked at.
#[test]
fn the_password_is_not_on_the_wire_with_tls() {
    let Some(server) = Server::start("a password on the wire") else { return };
    let proxy = Proxy::to(server.node.port());
    // Connecting to 0.0.0.0 leads to this machine, but the address is not one of loopback.
    let sent = |host: &str, parameters: &str| {
        proxy.count(PASSWORD.as_bytes());
        let port = proxy.port();
        let url = format!("postgres://clear:{ENCODED}@{host}:{port}/postgres?{parameters}");
        (open(&url), proxy.counted())
    };
    for (host, parameters) in [
        ("0.0.0.0", "sslmode=require"),
        ("0.0.0.0", "sslmode=prefer"),
        ("0.0.0.0", ""),
        ("127.0.0.1", ""),
        ("127.0.0.1", "sslmode=require"),
    ] {
        let (opened, count) = sent(host, parameters);
        assert!(RUNTIME.block_on(opened.unwrap().refresh()).is_ok());
        assert_eq!(count, 0, "{host} {parameters}");
    }
    // The control: without TLS, the password is seen.
    let (opened, count) = sent("0.0.0.0", "sslmode=disable");
    assert!(opened.is_ok() && count > 0);

    // A server in the place of the right one, or one that lost its certificate, offers no TLS.
    server.offer_tls(false);
    for parameters in ["", "sslmode=prefer", "sslmode=require"] {
        let (opened, count) = sent("0.0.0.0", parameters);
        let error = opened.unwrap_err();
        assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
        let words = words(&error);
        assert!(words.contains("`sslmode=disable`") && words.contains("does not support TLS"));
        assert_eq!(count, 0, "{parameters}");
    }
    // Without a password, and on the same machine, there is nobody to hide from.
    assert!(!tls_of(&server.url("pyaday", "0.0.0.0", "")).unwrap());
    let (opened, count) = sent("127.0.0.1", "sslmode=prefer");
    assert!(opened.is_ok() && count > 0);
}

/// A server has a session of its own for the first import, beside the connections of the store.
#[test]
fn no_connection_of_an_example_server_shows_the_password() {
    let Some(server) = Server::start("an example server") else { return };
    let proxy = Proxy::to(server.node.port());
    let sent = |mode: &str| {
        proxy.count(PASSWORD.as_bytes());
        let port = proxy.port();
        let url = format!("postgres://clear:{ENCODED}@0.0.0.0:{port}/postgres?sslmode={mode}");
        start_at(&url, None).unwrap();
        proxy.counted()
    };
    assert_eq!(sent("require"), 0);
    // The control: the store has one or two connections, and the session is another one.
    assert!(sent("disable") >= 2);
}

#[test]
fn a_certificate_is_checked_as_sslmode_says() {
    let Some(server) = Server::start("certificates") else { return };
    let [right, wrong] = ["authority.crt", "other.crt"]
        .map(|file| format!("sslrootcert={}", server.keys.path(file)));
    for (host, mode, roots, is_accepted) in [
        ("localhost", "verify-full", right.as_str(), true),
        ("127.0.0.1", "verify-full", &right, false),
        ("127.0.0.1", "verify-ca", &right, true),
        ("localhost", "verify-full", &wrong, false),
        ("localhost", "verify-ca", &wrong, false),
        ("localhost", "require", &wrong, false),
        ("localhost", "require", "", true),
        ("localhost", "prefer", &wrong, true),
        ("localhost", "verify-full", "sslrootcert=system", false),
    ] {
        let url = server.url("pyaday", host, &format!("sslmode={mode}&{roots}"));
        match tls_of(&url) {
            Ok(has_tls) => assert!(has_tls && is_accepted, "{url}"),
            Err(error) => assert!(!is_accepted, "{url}: {error}"),
        }
        let opened = open(&url);
        let is_refused = matches!(opened, Err(ConnectError::Tls { .. }));
        assert!(opened.is_ok() == is_accepted && is_refused != is_accepted, "{url}: {opened:?}");
        assert!(opened.is_ok() || words(&opened.unwrap_err()).contains("invalid peer certificate"));
    }
}

#[test]
fn settings_of_tls_that_cannot_be_used_are_refused_with_the_reason() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty.crt");
    fs::write(&file, "").unwrap();
    let empty = format!("sslmode=verify-ca&sslrootcert={}", file.display());
    let public = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public.key");
    fs::write(&public, "").unwrap();
    fs::set_permissions(&public, fs::Permissions::from_mode(0o644)).unwrap();
    let public = format!("sslcert={}&sslkey={}", file.display(), public.display());
    for (parameters, expected) in [
        ("sslmode=allow", "`sslmode` of the database cannot be `allow`"),
        ("sslmode=yes", "`sslmode` of the database is not one of"),
        ("sslmode=require&sslrootcert=system", "must be `verify-full` with `sslrootcert=system`"),
        (
            "sslmode=verify-ca&sslrootcert=/no/such",
            "the file /no/such, which the parameter `sslrootcert`",
        ),
        (&empty, "it has no certificate in PEM format"),
        ("sslcert=/no/such", "`sslkey` of the database is missing"),
        (&public, "it has no certificate in PEM format"),
        ("channel_binding=require&sslmode=disable", "cannot be `require` with `sslmode=disable`"),
        ("channel_binding=require", "cannot be `require` without TLS: write `sslmode=verify-full`"),
        ("sslcrl=x", "the parameter `sslcrl` of the database is not supported"),
    ] {
        let url = format!("postgres://u:{ENCODED}@localhost/d?{parameters}");
        let words = words(&open(&url).unwrap_err());
        assert!(words.contains(expected), "{parameters}: {words}");
    }
}

#[test]
fn a_client_logs_in_by_its_certificate() {
    let Some(server) = Server::start("a client's certificate") else { return };
    let key = server.keys.path("client.key");
    let files = format!("sslmode=require&sslcert={}&sslkey={key}", server.keys.path("client.crt"));
    let url = server.url("certified", "localhost", &files);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(tls_of(&url).unwrap());
    let error = open(&server.url("certified", "localhost", "sslmode=require")).unwrap_err();
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");

    // Its authority is not that of the server, which says so after the handshake of the client.
    let (other, its_key) = (server.keys.path("other.crt"), server.keys.path("other.key"));
    fs::set_permissions(&its_key, fs::Permissions::from_mode(0o600)).unwrap();
    let files = format!("sslmode=require&sslcert={other}&sslkey={its_key}");
    let error = open(&server.url("certified", "localhost", &files)).unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let words = words(&open(&url).unwrap_err());
    assert!(words.contains("chmod 600") && words.contains("`sslkey`"), "{words}");
}

#[test]
fn a_login_is_bound_to_the_certificate_where_that_is_required() {
    let Some(server) = Server::start("channel binding") else { return };
    let as_user = |user: &str| format!("{user}:{ENCODED}");
    let required = "sslmode=require&channel_binding=require";
    assert!(tls_of(&server.url(&as_user("scram"), "localhost", required)).unwrap());
    // The control: these logins have no binding.
    for user in ["clear", "pyaday"] {
        let error = open(&server.url(&as_user(user), "localhost", required)).unwrap_err();
        assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
        assert!(words(&error).contains("server did not use channel binding"));
    }
}

#[test]
fn a_password_comes_from_a_private_file() {
    let Some(server) = Server::start("a file of passwords") else { return };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("passwords");
    let escaped = PASSWORD.replace(':', r"\:");
    let port = server.node.port();
    fs::write(&file, format!("other:*:*:*:wrong\nlocalhost:{port}:postgres:scram:{escaped}\n"))
        .unwrap();
    let pairs = |user: &str| {
        let file = file.display();
        format!(
            "host=localhost port={port} dbname=postgres user={user} passfile='{file}' sslmode=require"
        )
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open(&pairs("scram")).unwrap().notices().is_empty());
    let missing = open(&pairs("clear")).unwrap_err();
    assert!(matches!(missing, ConnectError::Refused { .. }), "{missing:?}");
    assert!(words(&missing).contains("password missing"));

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let ignored = open(&pairs("scram")).unwrap_err();
    assert!(matches!(ignored, ConnectError::Refused { .. }), "{ignored:?}");
    let notices = open(&pairs("pyaday")).unwrap().notices();
    assert!(notices.iter().any(|it| it.contains("is ignored: other users")), "{notices:?}");
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let Some(server) = Server::start("a wrong password") else { return };
    let url = server.url("scram:s3cret", "localhost", "sslmode=require");
    let error = open(&url).unwrap_err();
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    assert!(words(&error).contains("password authentication failed"));
    assert!(!format!("{:?}", Database::from_url(&url).unwrap()).contains("s3cret"));
}

#[test]
fn hosts_without_an_address_are_refused_unless_one_of_them_has_one() {
    let hosts = "no-such-host.invalid,neither.invalid";
    let unknown = format!("postgres://u:{ENCODED}@{hosts}/d?sslmode=disable");
    let error = open(&unknown).unwrap_err();
    assert!(matches!(error, ConnectError::UnknownHost { .. }), "{error:?}");
    assert!(
        words(&error).starts_with("the host \"no-such-host.invalid\" of the database is not known")
    );
    // A database that is away has an address.
    let away = unknown.replace("neither.invalid", "127.0.0.1:1");
    assert!(open(&away).unwrap().catalogue().is_err());
}
