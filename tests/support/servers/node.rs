//! A PostgreSQL server of a test's own, on loopback and in a temporary folder.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::{env, fs};

use super::events::until;
use super::programs::{command, give, make_folder, output, program};
use crate::tools::{self, Postgres, run};

/// Who owns everything in every server.
pub const USER: &str = "pyaday";

/// What each server is told. Processes die in these tests, but not the machine: what was given to
/// the system is kept by it.
const SETTINGS: &str = "
    fsync = off
    listen_addresses = '127.0.0.1'
    unix_socket_directories = ''
    max_connections = 300
    shared_buffers = 32MB
    wal_keep_size = 512MB
    wal_retrieve_retry_interval = 100ms
";

/// Runs a server until its input ends, which it also does when the tests are killed. Unless it is
/// told to keep it, it removes the folder then.
const GUARD: &str = r#"
    folder=$1; shift
    "$@" & server=$!
    read -r word
    kill -QUIT $server 2>/dev/null
    wait $server
    [ "$word" = keep ] || rm -rf "$folder"
"#;

/// A server, which may be running or not. Dropping it ends it and removes what it had.
#[derive(Debug)]
pub struct Node {
    name: String,
    postgres: Postgres,
    folder: PathBuf,
    port: u16,
    guard: Option<(Child, ChildStdin)>,
}

impl Node {
    /// A new server with nothing in it, of the PostgreSQL that most tests use.
    pub fn start(name: &str) -> Self {
        Self::start_of(&tools::postgres().unwrap(), name)
    }

    /// A new server with nothing in it.
    pub fn start_of(postgres: &Postgres, name: &str) -> Self {
        let mut node = Self::without_data(postgres, name);
        let mut initdb = program(postgres, "initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--no-sync", "--username", USER]);
        initdb.arg("--locale=C.UTF-8");
        if has_icu(postgres) {
            // Names must come in the order of their bytes though the database has another.
            initdb.args(["--locale-provider=icu", "--icu-locale=en"]);
        }
        output(initdb.arg("--pgdata").arg(node.data())).unwrap();
        let settings = node.data().join("postgresql.conf");
        fs::OpenOptions::new()
            .append(true)
            .open(settings)
            .and_then(|mut file| file.write_all(SETTINGS.as_bytes()))
            .unwrap();
        node.run();
        node
    }

    /// A new server that follows another: it has all that the other has, and gets what comes.
    pub fn follow(name: &str, primary: &Self) -> Self {
        let mut node = Self::without_data(&primary.postgres, name);
        node.copy(primary);
        node.run();
        node
    }

    /// A folder and a port for a server.
    fn without_data(postgres: &Postgres, name: &str) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        // Below those that the system gives away: one of them could be taken while the server is
        // down, and who connects to itself there would wait for ever.
        const PORTS: u16 = 10_000;

        let (process, mut number) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(format!("pyaday-{process}-{number}"));
        make_folder(&folder);
        let port = loop {
            let port = 20_000 + (process as u16).wrapping_mul(61).wrapping_add(number) % PORTS;
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                break port;
            }
            number = NEXT.fetch_add(1, Ordering::Relaxed);
        };
        Self { name: name.to_owned(), postgres: postgres.clone(), folder, port, guard: None }
    }

    /// What it was named when it was made.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Command {
        program(&self.postgres, name)
    }

    /// Puts a file beside those of the database, for its settings to name. Only the server can read it.
    pub fn put(&self, name: &str, content: &[u8]) {
        let path = self.data().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        give(&path);
    }

    /// Runs the server on what it has, until it answers.
    pub fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log"));
        let log = log.unwrap();
        let mut guard = command("/bin/sh");
        guard.args(["-c", GUARD, "guard"]).arg(&self.folder);
        guard.arg(self.program("postgres").get_program()).arg("-D").arg(self.data());
        guard.args(["-c", &format!("port={}", self.port)]);
        guard.args(["-c", &format!("cluster_name={}", self.name)]);
        guard.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut guard = guard.spawn().unwrap();
        let input = guard.stdin.take().unwrap();
        self.guard = Some((guard, input));
        until("a server answers", || {
            let mut is_ready = self.program("pg_isready");
            let is_ready = is_ready.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
            output(is_ready).ok()
        });
    }

    /// True if it was started and neither stopped nor killed since.
    pub fn is_running(&self) -> bool {
        self.guard.is_some()
    }

    /// Ends it as an administrator does: it hands over what it has to those that follow it.
    pub fn stop(&mut self) {
        self.control(&["stop", "--mode=fast", "--wait"]);
        self.wait();
    }

    /// Kills all its processes at one moment.
    pub fn kill(&mut self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        // It must not start another while they are counted.
        assert!(run("kill", &["-STOP", &pid]));
        let mut all = children(&pid);
        all.push(pid);
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        // One of them may have ended just now.
        run("kill", &[&["-KILL"], &all[..]].concat());
        until("all processes of a server are gone", || {
            all.iter().all(|pid| !is_alive(pid)).then_some(())
        });
        self.wait();
    }

    /// Waits for the end of a server that was told to end, and keeps what it has.
    fn wait(&mut self) {
        let (mut guard, mut input) = self.guard.take().unwrap();
        input.write_all(b"keep\n").unwrap();
        guard.wait().unwrap();
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        self.control(&["promote", "--wait"]);
    }

    fn control(&self, arguments: &[&str]) {
        output(self.program("pg_ctl").args(arguments).arg("--pgdata").arg(self.data())).unwrap();
    }

    /// Throws away what it has and takes a copy of the primary.
    pub fn copy(&self, primary: &Self) {
        drop(fs::remove_dir_all(self.data()));
        let mut backup = self.program("pg_basebackup");
        backup.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf"]);
        backup.args(["--dbname", &primary.url("postgres")]).arg("--pgdata").arg(self.data());
        output(&mut backup).unwrap();
    }

    /// Lets a server that was stopped follow another with what it has.
    pub fn follow_with_data(&self, primary: &Self) {
        let data = self.data();
        fs::write(data.join("standby.signal"), "").unwrap();
        let primary = format!("primary_conninfo = '{}'\n", primary.url("postgres"));
        fs::write(data.join("postgresql.auto.conf"), primary).unwrap();
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// What a statement gives, one row in a line.
    pub fn sql(&self, statement: &str) -> Result<String, String> {
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
        psql.args(["--set=ON_ERROR_STOP=1", "--dbname", &self.url("postgres")]);
        output(psql.args(["--command", statement]))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        match self.guard.take() {
            Some((mut guard, input)) => {
                drop(input);
                drop(guard.wait());
            }
            None => drop(fs::remove_dir_all(&self.folder)),
        }
    }
}

/// Whether a PostgreSQL was built with ICU.
fn has_icu(postgres: &Postgres) -> bool {
    let built = output(program(postgres, "pg_config").arg("--configure"));
    built.is_ok_and(|built| built.contains("--with-icu"))
}

/// The processes that a process has started.
fn children(parent: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|process| process.file_name().into_string().ok());
    pids.filter(|pid| state(pid).is_some_and(|(_, its_parent)| its_parent == parent)).collect()
}

fn is_alive(pid: &str) -> bool {
    state(pid).is_some_and(|(state, _)| state != "Z")
}

/// The state of a process and its parent.
fn state(pid: &str) -> Option<(String, String)> {
    let text = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    // The name in parentheses may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned);
    Some((fields.next()?, fields.next()?))
}
