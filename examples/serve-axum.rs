//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_examples::{Axum, Options, report, run};

#[tokio::main]
async fn main() -> ExitCode {
    report(run::<Axum>(&Options::of_process()).await)
}
