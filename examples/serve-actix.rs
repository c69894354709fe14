//! Serves a catalogue of Python packages over HTTP: `--help` lists the options.

use std::process::ExitCode;

use pyaday_examples::{Arguments, report, run};

type Framework = pyaday_examples::Actix;

#[tokio::main]
async fn main() -> ExitCode {
    report(run::<Framework>(&Arguments::of_process(env!("CARGO_BIN_NAME"))).await)
}
