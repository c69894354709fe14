//! The proxies of the README, which bring TLS, in front of both servers.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use pyaday_tests::tools::{Tool, are_there, run};

use crate::process::{PATIENCE, Process, SERVERS, Server, command, free_address};
use crate::readme::{README, blocks};

const TOKEN: &str = "0123456789-0123456789-0123456789";

/// Where the README's server listens.
const ADDRESS: &str = "127.0.0.1:5000";

/// A folder with a certificate for `example.org`.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // An earlier run may have left it.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let [key, certificate] = ["key", "pem"].map(|end| shown(&folder.join(format!("tls.{end}"))));
    let made = run(
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=example.org",
            "-addext",
            "subjectAltName=DNS:example.org",
            "-days",
            "2",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ],
    );
    assert!(made);
    folder
}

fn shown(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The configuration that the README shows, with a few texts replaced that it must have.
fn configuration(language: &str, replacements: &[(&str, &str)]) -> String {
    let blocks = blocks(README).into_iter().filter(|block| block.language == language);
    let block = blocks
        .map(|block| block.text)
        .find(|text| text.contains("example.org {") || text.contains("server_name"));
    replacements.iter().fold(block.unwrap(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
        text.replace(from, to)
    })
}

/// A proxy in front of a server.
struct Proxy {
    _process: Process,
    port: u16,
    certificate: String,
}

impl Proxy {
    /// Starts nginx with the README's configuration.
    fn nginx(server: u16, folder: &Path) -> Self {
        let port = free_address().port();
        let certificate = shown(&folder.join("tls.pem"));
        let site = configuration(
            "nginx",
            &[
                ("listen 443", &format!("listen 127.0.0.1:{port}")),
                ("/etc/ssl/example.org.pem", &certificate),
                ("/etc/ssl/example.org.key", &shown(&folder.join("tls.key"))),
                (ADDRESS, &format!("127.0.0.1:{server}")),
            ],
        );
        let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {};\n", shown(&folder.join(kind))))
            .collect();
        let whole = format!(
            "daemon off; master_process off; error_log stderr; pid {};\nevents {{}}\nhttp {{\n\
             access_log off;\n{folders}{site}}}\n",
            shown(&folder.join("pid"))
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-c", &shown(&file)]);
        Self::listening(command, port, certificate)
    }

    /// Starts Caddy with the README's configuration, and a certificate that it need not get.
    fn caddy(server: u16, folder: &Path) -> Self {
        let port = free_address().port();
        let certificate = shown(&folder.join("tls.pem"));
        let key = shown(&folder.join("tls.key"));
        let site = configuration(
            "caddyfile",
            &[
                ("example.org {", &format!("example.org:{port} {{\n    tls {certificate} {key}")),
                (ADDRESS, &format!("127.0.0.1:{server}")),
            ],
        );
        let options = "{\n    admin off\n    auto_https disable_redirects\n}\n";
        let file = folder.join("Caddyfile");
        fs::write(&file, options.to_owned() + &site).unwrap();
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config", &shown(&file)]);
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
        Self::listening(command, port, certificate)
    }

    fn listening(command: Command, port: u16, certificate: String) -> Self {
        let mut process = Process::spawn(command, b"");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(process.is_running() && Instant::now() < deadline, "{}", process.end().stderr);
            thread::yield_now();
        }
        Self { _process: process, port, certificate }
    }

    /// What curl prints of the answer to a request: the head, and the body.
    fn curl(&self, path: &str, arguments: &[&str]) -> String {
        let port = self.port;
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--max-time", "10", "--http2"])
            .args(["--noproxy", "*", "--cacert", &self.certificate])
            .args(["--resolve", &format!("example.org:{port}:127.0.0.1")])
            .args(arguments)
            .arg(format!("https://example.org:{port}{path}"))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{path} {arguments:?} {error}");
        String::from_utf8(output.stdout).unwrap().replace('\r', "")
    }
}

/// The value of a field.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn is(answer: &str, status: u16) -> bool {
    answer.starts_with(&format!("HTTP/2 {status} "))
}

fn start(program: &str, arguments: &[&str]) -> Server {
    let mut command = command(program, &["--prefix", "/pyaday"]);
    command.args(arguments).env("PYADAY_TOKEN", TOKEN);
    Server::listening(Process::spawn(command, b""))
}

#[test]
fn nginx_in_front_as_in_the_readme() {
    let tools = ["nginx", "openssl", "curl"].map(Tool::Program);
    if are_there("proxies::nginx_in_front_as_in_the_readme", &tools) {
        check("nginx", Proxy::nginx);
    }
}

#[test]
fn caddy_in_front_as_in_the_readme() {
    let tools = ["caddy", "openssl", "curl"].map(Tool::Program);
    if are_there("proxies::caddy_in_front_as_in_the_readme", &tools) {
        check("caddy", Proxy::caddy);
        // The control: Caddy sends the host that the client has asked for, and the server learns from
        // the public URL that it is its own.
        for program in SERVERS {
            let server = start(program, &[]);
            let proxy = Proxy::caddy(server.port(), &folder("caddy-other-host"));
            let answer = proxy.curl("/pyaday/packages", &[]);
            assert!(is(&answer, 421) && answer.contains("`--hosts`"), "{answer}");
        }
    }
}

fn check(name: &str, proxy: impl Fn(u16, &Path) -> Proxy) {
    let folder = folder(name);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for program in SERVERS {
        let server = start(program, &["--public-url", "https://example.org"]);
        let proxy = proxy(server.port(), &folder);
        links_are_those_of_the_public_url(&proxy);
        writes_need_the_token(&proxy, &bearer);
        entity_tags_stay_as_they_are(&proxy, &bearer);
        pages_of_other_sites_write_nothing(&proxy, &bearer);
    }
}

/// Whatever a client says about the host.
fn links_are_those_of_the_public_url(proxy: &Proxy) {
    let next = r#"<https://example.org/pyaday/packages?limit=1&after=flask>; rel="next""#;
    for arguments in [
        &[][..],
        &["-H", "X-Forwarded-Host: evil.example", "-H", "X-Forwarded-Proto: ftp"],
        &["-H", "Forwarded: host=evil.example", "-H", "X-Forwarded-Prefix: /evil"],
    ] {
        let answer = proxy.curl("/pyaday/packages?limit=1", arguments);
        assert!(is(&answer, 200), "{answer}");
        assert_eq!(field(&answer, "link"), Some(next));
    }
}

fn writes_need_the_token(proxy: &Proxy, bearer: &str) {
    let json = ["-H", "Content-Type: application/json", "-d", r#"{"name":"x.y","short_desc":""}"#];
    let refused = proxy.curl("/pyaday/packages", &json);
    assert!(is(&refused, 401), "{refused}");
    assert_eq!(field(&refused, "www-authenticate"), Some("Bearer realm=\"pyaday\""));
    let created = proxy.curl("/pyaday/packages", &[&json[..], &["-H", bearer]].concat());
    assert!(is(&created, 201), "{created}");
    let location = "https://example.org/pyaday/packages/x.y";
    assert_eq!(field(&created, "location"), Some(location));
}

/// So they match in conditional requests, also if the client would take compressed responses.
fn entity_tags_stay_as_they_are(proxy: &Proxy, bearer: &str) {
    let read = proxy.curl("/pyaday/packages/x.y", &["-H", "Accept-Encoding: gzip"]);
    let tag = field(&read, "etag").unwrap();
    assert!(is(&read, 200) && tag.starts_with('"'), "{read}");
    assert_eq!(field(&read, "content-encoding"), None);
    let [none_match, condition] =
        ["If-None-Match", "If-Match"].map(|name| format!("{name}: {tag}"));
    assert!(is(&proxy.curl("/pyaday/packages/x.y", &["-H", &none_match]), 304));
    let delete = ["-X", "DELETE", "-H", bearer, "-H"];
    let stale = proxy.curl("/pyaday/packages/x.y", &[&delete[..], &["If-Match: \"1\""]].concat());
    assert!(is(&stale, 412), "{stale}");
    let deleted = proxy.curl("/pyaday/packages/x.y", &[&delete[..], &[&condition]].concat());
    assert!(is(&deleted, 204), "{deleted}");
}

fn pages_of_other_sites_write_nothing(proxy: &Proxy, bearer: &str) {
    for (origin, status) in [("https://example.org", 404), ("https://evil.example", 403)] {
        let origin = format!("Origin: {origin}");
        let arguments = ["-X", "DELETE", "-H", bearer, "-H", &origin];
        let answer = proxy.curl("/pyaday/packages/none", &arguments);
        assert!(is(&answer, status), "{origin} {answer}");
    }
}
