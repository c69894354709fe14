//! Reads the rows of a body, and decides whether they can be written.

use std::collections::BTreeSet;

use super::report::Report;
use super::request::ImportRequest;
use crate::catalogue::Pace;
use crate::http::Problem;
use crate::import::{
    Effect, Format, OnExisting, Preview, PreviewedRow, ReadError, ReaderBuilder, Row,
};
use crate::operation::costly::MAX_PACKAGES;
use crate::operation::guarded::Guarded;
use crate::package::{Errors, InvalidPackage, NormalizedName, PackageName};
use crate::store::Batch;

/// Reads the rows of a body. A body that is damaged somewhere is refused as a whole, because nothing
/// of it was written yet.
pub(super) fn read(
    body: &[u8],
    format: Format,
    request: &ImportRequest,
) -> Result<Vec<Row>, Problem> {
    let is_partial = request.on_existing == OnExisting::Update;
    let reader = ReaderBuilder::new().format(format).partial(is_partial).open(body);
    let (mut rows, import) = (Vec::new(), request.import());
    for row in reader.map_err(|error| malformed(&error))? {
        if rows.len() == MAX_PACKAGES {
            return Err(Problem::too_many_rows(MAX_PACKAGES));
        }
        let mut row = row.map_err(|error| malformed(&error))?;
        import.prepare(&mut row);
        rows.push(row);
    }
    Ok(rows)
}

fn malformed(error: &ReadError) -> Problem {
    Problem::malformed_import(&match error {
        ReadError::NotAList(fault) => fault.clone(),
        error => format!("is damaged: {error}"),
    })
}

/// Asks the guard whether each of the packages may be imported. `shown` is how many names of packages
/// that it hides are reported at most.
pub(super) async fn ask(
    guard: &mut Guarded<'_>,
    rows: &[Row],
    shown: usize,
) -> Result<(), Problem> {
    if guard.is_open() {
        return Ok(());
    }
    let (mut hidden, mut pace) = (BTreeSet::new(), Pace::new());
    for given in rows.iter().filter_map(|row| row.package.as_ref().ok()) {
        let name = given.package().name.normalized();
        if !hidden.contains(&name) && !guard.shows(&name)? {
            hidden.insert(name);
        }
        pace.pause().await;
    }
    let first = || hidden.iter().take(shown).cloned().collect::<Vec<_>>();
    match hidden.len() {
        0 => Ok(()),
        count => Err(Problem::not_importable(count, &first())),
    }
}

/// Forgets the look-alikes that the client may not read.
pub(super) async fn leave_out_hidden(guard: &mut Guarded<'_>, rows: &mut [PreviewedRow]) {
    if guard.is_open() {
        return;
    }
    let mut pace = Pace::new();
    for row in rows {
        let name = row.look_alike.as_ref().map(PackageName::normalized);
        if name.is_some_and(|name| !guard.shows(&name).unwrap_or(false)) {
            row.look_alike = None;
        }
        pace.pause().await;
    }
}

/// A write of rows, and the report on it.
pub(super) struct Plan {
    pub(super) batch: Batch,
    pub(super) report: Report,
}

/// Why the rows of a body are not written.
pub(super) enum Rejected {
    /// None of them can be written, for these reasons.
    NoneValid(InvalidPackage),
    /// Packages exist, and the request does not want that.
    Existing { count: u64, first: Vec<NormalizedName> },
}

impl Rejected {
    pub(super) fn into_problem(self) -> Problem {
        match self {
            Self::NoneValid(invalid) => Problem::no_valid_row(invalid),
            Self::Existing { count, first } => Problem::packages_exist(count, &first),
        }
    }
}

impl Plan {
    /// `shown` is how many rows the report has at most, unless the request wants all.
    pub(super) fn new(
        preview: Preview,
        request: &ImportRequest,
        shown: usize,
    ) -> Result<Self, Rejected> {
        let Preview { rows, batch } = preview;
        if rows.iter().all(|row| matches!(row.effect, Effect::Refused(_))) {
            return Err(Rejected::NoneValid(reasons(&rows)));
        }
        let existing = || rows.iter().filter(|row| row.effect == Effect::Present);
        if request.on_existing == OnExisting::Error
            && !request.is_dry_run
            && existing().next().is_some()
        {
            let names = existing().filter_map(PreviewedRow::name);
            let first = names.take(shown).map(PackageName::normalized).collect();
            return Err(Rejected::Existing { count: existing().count() as u64, first });
        }
        Ok(Self { report: Report::new(&rows, request, shown), batch })
    }
}

/// Why rows were refused, each with its line.
fn reasons(rows: &[PreviewedRow]) -> InvalidPackage {
    let mut errors = Errors::default();
    if rows.is_empty() {
        errors.push(String::new(), "must have at least one row");
    }
    for row in rows {
        if let Effect::Refused(refusal) = &row.effect {
            let detail = format!("cannot be imported from line {}: {refusal}", row.line);
            errors.push(refusal.pointer().to_owned(), detail);
        }
    }
    errors.into_invalid()
}
