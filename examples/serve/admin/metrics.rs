//! The metrics of the server, and what each of them means.

use std::io;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, set_global_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::process;
use super::ready::{Facts, Readiness};
use crate::log;
use crate::watched::{DURATION, ERRORS, IN_PROGRESS, Kind};

/// The bounds of the buckets of all durations, in seconds.
const BUCKETS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

const PACKAGES: &str = "pyaday_store_packages";
const REVISION: &str = "pyaday_store_revision";
const AGE: &str = "pyaday_store_age_seconds";
const REFUSED: &str = "pyaday_store_refused";
const LOST: &str = "pyaday_log_lines_lost_total";
const BUILD: &str = "pyaday_build_info";

/// Begins to collect what the server and the catalogue report.
///
/// # Errors
/// This process collects metrics already.
pub(super) fn install() -> io::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(io::Error::other)?;
    let recorder = recorder.build_recorder();
    let handle = recorder.handle();
    set_global_recorder(recorder).map_err(|error| io::Error::other(error.to_string()))?;
    describe();
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Brings up to date what nobody reports.
pub(super) fn look(readiness: &Readiness) {
    counter!(LOST).absolute(log::lost());
    process::look();
    let Some(store) = readiness.store() else {
        return;
    };
    let Facts { packages, revision, age } = store.facts();
    let set = |name: &'static str, value: Option<f64>| {
        if let Some(value) = value {
            gauge!(name).set(value);
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let number = |value: u64| value as f64;
    set(PACKAGES, packages.map(|packages| number(packages as u64)));
    set(REVISION, revision.map(number));
    set(AGE, age.map(|age| age.as_secs_f64()));
    for (label, kind) in
        [("reads", Kind::Read), ("writes", Kind::Write), ("refreshes", Kind::Refresh)]
    {
        let refused = if store.refused(kind).is_some() { 1.0 } else { 0.0 };
        gauge!(REFUSED, "calls" => label).set(refused);
    }
}

/// What each metric means, for whoever reads them.
fn describe() {
    describe_counter!(
        "pyaday_requests_total",
        "Requests by operation and status; the status `dropped` is that of a client which left."
    );
    describe_histogram!(
        "pyaday_request_duration_seconds",
        Unit::Seconds,
        "Time from the head of a request to its response, which includes reading the body."
    );
    describe_counter!(
        "pyaday_problems_total",
        "Responses that report a problem, by operation and type of problem."
    );
    describe_histogram!(DURATION, Unit::Seconds, "Time that a call of the store takes.");
    describe_gauge!(IN_PROGRESS, "Calls of the store that run or wait now.");
    describe_counter!(ERRORS, "Calls of the store that failed, by the kind of the error.");
    describe_gauge!(PACKAGES, "Packages in the catalogue.");
    describe_gauge!(REVISION, "Revision of the newest write that this server shows.");
    describe_gauge!(
        AGE,
        Unit::Seconds,
        "Time since the database was last known to hold exactly what this server shows."
    );
    describe_gauge!(REFUSED, "1 while the store refuses calls of this kind, else 0.");
    describe_counter!(LOST, "Lines of the log that were lost because nobody read them in time.");
    describe_gauge!(BUILD, "Always 1; the label is the version of the server.");
    process::describe();
}
