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
    /// The server and its programs, where Debian puts them.
    Postgres,
    /// The right to mount file systems.
    Root,
}

impl Tool {
    fn name(&self) -> &'static str {
        match self {
            Self::Program(program) => program,
            Self::Postgres => "PostgreSQL",
            Self::Root => "root and loop devices",
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Program(program) => {
                ["-V", "--version", "version"].iter().any(|version| run(program, &[version]))
            }
            Self::Postgres => postgres().is_some(),
            Self::Root => run("losetup", &["--find"]),
        }
    }
}

/// The folder of the newest PostgreSQL's programs.
pub fn postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions.flatten().filter(|folder| folder.path().join("bin/postgres").exists());
    let newest = newest.max_by_key(|folder| folder.file_name().to_str()?.parse::<u32>().ok());
    Some(newest?.path().join("bin"))
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
