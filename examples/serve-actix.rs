//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_examples::{Actix, Arguments, report, run};

#[tokio::main]
async fn main() -> ExitCode {
    report(run::<Actix>(&Arguments::of_process()).await)
}
