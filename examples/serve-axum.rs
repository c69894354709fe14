//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_examples::{Arguments, Axum, report, run};

#[tokio::main]
async fn main() -> ExitCode {
    report(run::<Axum>(&Arguments::of_process()).await)
}
