//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_examples::{Actix, Options, report, run};

#[tokio::main]
async fn main() -> ExitCode {
    report(run::<Actix>(&Options::of_process()).await)
}
