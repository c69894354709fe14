//! Facts about instructions, which callgrind counts in an optimised build.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use pyaday_bench::name;
use pyaday_tests::tools::{Tool, are_there};

const CALLS: u64 = 1_000;

/// How many instructions a call takes, if the host has what these words mean to `bench-calls`.
fn count(path: &str, host: &[&str]) -> u64 {
    /// Tests run beside each other, and each count has a file of its own.
    static COUNTS: AtomicU32 = AtomicU32::new(0);

    let number = COUNTS.fetch_add(1, Ordering::Relaxed);
    let out = format!("{}/callgrind-{}-{number}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--toggle-collect=*counted_call*"])
        .arg(format!("--callgrind-out-file={out}"))
        .args([&program(), path, &CALLS.to_string()])
        .args(host)
        .status();
    assert!(status.unwrap().success());
    let counted = fs::read_to_string(&out).unwrap();
    fs::remove_file(out).unwrap();
    let total = counted.lines().find_map(|line| line.strip_prefix("summary: "));
    total.unwrap().trim().parse::<u64>().unwrap() / CALLS
}

/// The program that makes the calls, optimised; for the tests themselves nothing is.
fn program() -> String {
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--locked",
        "--release",
        "--package",
        "pyaday-bench",
        "--bin",
        "bench-calls",
    ]);
    build.args(["--message-format=json-render-diagnostics"]);
    let built = build.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).unwrap();
    let executable = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    });
    executable.unwrap()
}

/// The bounds are a tenth above what was counted: another compiler may need a little more.
#[test]
fn a_call_takes_no_more_instructions_than_it_did() {
    if !are_there("a_call_takes_no_more_instructions", &[Tool::Program("valgrind")]) {
        return;
    }
    let hit = format!("/packages/{}", name(4_999));
    for (path, bound) in [("/rand", 4_000), (&hit, 5_900), ("/packages/no-such-package", 5_700)] {
        let counted = count(path, &[]);
        assert!(counted <= bound, "{path} takes {counted} instructions, more than {bound}");
        // The control: they were counted at all.
        assert!(counted > bound / 2, "{path} takes {counted} instructions, far less than {bound}");
    }
}

/// The control is that the guard costs something: it was asked.
#[test]
fn a_guard_takes_at_most_a_hundred_instructions() {
    if !are_there("a_guard_takes_at_most_a_hundred_instructions", &[Tool::Program("valgrind")]) {
        return;
    }
    for actor in [&[][..], &["actor"][..]] {
        let with_guard = count("/rand", &[&["guard"], actor].concat());
        let taken = with_guard - count("/rand", actor);
        assert!((1..=100).contains(&taken), "the guard takes {taken} instructions, {actor:?}");
    }
}
