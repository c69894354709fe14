//! Programs that a test needs and that some machines do not have.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

/// True if all of these can be used. If not, the test says so and ends, or fails where
/// `PYADAY_SKIP=forbid` says that nothing may be skipped.
pub fn are_there(test: &str, tools: &[Tool]) -> bool {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.is_there()).map(Tool::name).collect();
    if missing.is_empty() {
        return true;
    }
    let skipped = format!("skipped: {test} needs {}\n", missing.join(", "));
    assert!(env::var("PYADAY_SKIP").as_deref() != Ok("forbid"), "{skipped}");
    // Not by `eprint!`, whose output the test harness captures.
    io::stderr().write_all(skipped.as_bytes()).unwrap();
    false
}

/// Something that a test needs.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    /// A program that prints its version.
    Program(&'static str),
    /// The server and its programs, of any version.
    Postgres,
    /// The same, of this version.
    PostgresOf(u32),
    /// The right to mount file systems.
    Root,
    /// What drives a browser and checks pages: the packages of `tests/browser/package.json`.
    Browser,
}

impl Tool {
    fn name(&self) -> String {
        match self {
            Self::Program(program) => (*program).to_owned(),
            Self::Postgres => "PostgreSQL".to_owned(),
            Self::PostgresOf(version) => {
                format!("PostgreSQL {version} (name the folder of its programs in PYADAY_POSTGRES)")
            }
            Self::Root => "root and loop devices".to_owned(),
            Self::Browser => {
                "the packages of tests/browser/package.json (name the folder of `node_modules` in \
                 PYADAY_BROWSER)"
                    .to_owned()
            }
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Program(program) => {
                ["-V", "--version", "version"].iter().any(|version| run(program, &[version]))
            }
            Self::Postgres => postgres().is_some(),
            Self::PostgresOf(version) => postgres_of(*version).is_some(),
            Self::Root => run("losetup", &["--find"]),
            Self::Browser => ["playwright-core", "axe-core", "vnu-jar"]
                .iter()
                .all(|name| browser_modules().join("node_modules").join(name).is_dir()),
        }
    }
}

/// The folder of `node_modules` with what drives a browser.
pub fn browser_modules() -> PathBuf {
    let by_default = || concat!(env!("CARGO_MANIFEST_DIR"), "/../target/browser").into();
    env::var_os("PYADAY_BROWSER").map_or_else(by_default, PathBuf::from)
}

/// An installation of PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// The first number of the version.
    pub version: u32,
    /// The folder of the programs.
    pub programs: PathBuf,
}

/// The PostgreSQL that most tests use: the newest one that is where Debian puts it, or else the newest one
/// that `PYADAY_POSTGRES` names.
pub fn postgres() -> Option<Postgres> {
    let newest = |found: Vec<Postgres>| found.into_iter().max_by_key(|it| it.version);
    newest(of_debian()).or_else(|| newest(named()))
}

/// The PostgreSQL of a version.
pub fn postgres_of(version: u32) -> Option<Postgres> {
    of_debian().into_iter().chain(named()).find(|it| it.version == version)
}

fn of_debian() -> Vec<Postgres> {
    let Ok(folders) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    folders.flatten().filter_map(|folder| at(folder.path().join("bin"))).collect()
}

/// Those in the folders of programs that the variable names, with colons between them.
fn named() -> Vec<Postgres> {
    let folders = env::var_os("PYADAY_POSTGRES").unwrap_or_default();
    env::split_paths(&folders).filter_map(at).collect()
}

/// The PostgreSQL whose programs are in a folder.
fn at(programs: PathBuf) -> Option<Postgres> {
    let output = Command::new(programs.join("postgres")).arg("--version").output().ok()?;
    // postgres (PostgreSQL) 18.6
    let says = String::from_utf8(output.stdout).ok()?;
    let version = says.split(' ').nth(2)?.split('.').next()?.trim().parse().ok()?;
    Some(Postgres { version, programs })
}

/// Whether a command succeeds.
pub fn run(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// How often a fault or a random input is tried: `PYADAY_CYCLES` times, or `enough` times if that
/// variable is not set.
pub fn cycles(enough: u64) -> u64 {
    env::var("PYADAY_CYCLES").ok().and_then(|cycles| cycles.parse().ok()).unwrap_or(enough)
}

/// Prints figures, if more cycles than the usual number were asked for.
pub fn report(figures: &str) {
    if env::var_os("PYADAY_CYCLES").is_some() {
        io::stderr().write_all(format!("{figures}\n").as_bytes()).unwrap();
    }
}
