//! What a file seems to be that is not a list of packages: people have many of them at hand.

use super::format::Format;

/// Refuses a file that is in another format than the expected one.
pub(super) fn expect(expected: Option<Format>, found: Format) -> Result<(), String> {
    match expected {
        Some(expected) if expected != found => Err(format!("seems to be {found}, not {expected}")),
        _ => Ok(()),
    }
}

/// The longest line of a file of requirements, in bytes, more or less.
const LINE: usize = 1_000;

/// What a file is by its first bytes, if it is no text: in words that follow its name.
pub(super) fn binary(beginning: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 8] = [
        (b"\x1f\x8b", "is compressed with gzip: decompress it first, with `gzip -dc`"),
        (b"\xfd7zXZ\0", "is compressed with xz: decompress it first, with `xz -dc`"),
        (b"BZh", "is compressed with bzip2: decompress it first, with `bzip2 -dc`"),
        (b"\x28\xb5\x2f\xfd", "is compressed with zstd: decompress it first, with `zstd -dc`"),
        (b"PK\x03\x04", "is a ZIP archive, as workbooks and wheels are: save a workbook as CSV"),
        (b"\xd0\xcf\x11\xe0", "is an old Office document: save a workbook as CSV"),
        (b"SQLite format 3\0", "is an SQLite database: export its table as CSV"),
        (b"PAR1", "is a Parquet file: convert it to CSV"),
    ];
    let kind = KINDS.iter().find(|(magic, _)| beginning.starts_with(magic));
    let has_zero = || beginning.iter().take(64).any(|byte| *byte == 0);
    match kind {
        Some((_, kind)) => Some(kind),
        None if has_zero() => {
            Some("is not text in UTF-8, or in UTF-16 with a byte order mark: save it as UTF-8")
        }
        None => None,
    }
}

/// True if what follows a `[` makes it the header of a TOML table, not a JSON array.
pub(super) fn is_toml_table(after: &[u8]) -> bool {
    match after.strip_prefix(b"[").unwrap_or(after) {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => false,
        [b'f', b'a', b'l', b's', b'e', ..] => false,
        [first, ..] => first.is_ascii_alphabetic(),
        [] => false,
    }
}

/// What a text seems to be whose header names no packages: in words that follow its name.
pub(super) fn text(beginning: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(beginning);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines().next().unwrap_or_default();
    let any = |starts: &[&str]| lines().any(|line| starts.iter().any(|it| line.starts_with(it)));
    if any(&["[[package]]", "[[packages]]", "lock-version ="]) {
        Some("seems to be a lock file, which has no summaries")
    } else if any(&["[project]", "[build-system]", "[tool."]) {
        Some("seems to be a pyproject.toml")
    } else if first.starts_with("Package ") && lines().nth(1).is_some_and(is_rule) {
        Some("seems to be the output of `pip list`, which has no summaries")
    } else if any(&["dependencies:"]) {
        Some("seems to be a conda environment, which has no summaries")
    } else if first.starts_with('<') {
        Some("seems to be HTML or XML")
    } else if lines().all(|line| line.len() < LINE && is_requirement(line)) {
        Some("seems to be a list of requirements for pip, which has no summaries")
    } else {
        None
    }
}

/// Whether a line is the rule under the header of `pip list`.
fn is_rule(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b'-' | b' '))
}

/// Whether a line may stand in a file of requirements: a comment, an option, or a name with what
/// limits its versions.
fn is_requirement(line: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let after_name = line.trim_start_matches(is_name).trim_start();
    let limits = ["==", ">=", "<=", "~=", "!=", ">", "<", "===", "@", ";", "[", "\\", "#"];
    line.starts_with(['#', '-'])
        || (after_name.len() < line.len()
            && (after_name.is_empty() || limits.iter().any(|it| after_name.starts_with(it))))
}

/// True if [`document`] asks whether a document has a member of this name.
pub(super) fn tells_document(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "repodata_version",
        "packages.conda",
        "packages",
        "info",
        "lockfileVersion",
        "_meta",
        "default",
        "develop",
        "rows",
        "last_update",
        "meta",
        "query",
        "projects",
        "pip_version",
    ];
    NAMES.contains(&name)
}

/// What a JSON document seems to be by the names of its members. With `whole`, a list without
/// summaries is not a list of packages.
pub(super) fn document(members: &[(String, u8)], whole: bool) -> Option<&'static str> {
    let has = |name: &str| members.iter().any(|(member, _)| member == name);
    if has("repodata_version") || has("packages.conda") || (has("packages") && has("info")) {
        Some("seems to be a repodata.json of conda, which has no summaries")
    } else if has("lockfileVersion") || (has("_meta") && (has("default") || has("develop"))) {
        Some("seems to be a lock file, which has no summaries")
    } else if has("rows") && (has("last_update") || has("meta") || has("query")) {
        Some(
            "seems to be a list of the most downloaded packages (top-pypi-packages), which has no \
             summaries",
        )
    } else if whole && has("projects") && has("meta") {
        Some("seems to be the index of a package repository, which has no summaries")
    } else if has("pip_version") {
        Some("seems to be a report of `pip inspect` or `pip install`")
    } else {
        None
    }
}

/// What a list seems to be by the names of the members of its first element.
pub(super) fn element(members: &[(String, u8)]) -> Option<&'static str> {
    const PIP: [&str; 7] = [
        "name",
        "version",
        "latest_version",
        "latest_filetype",
        "location",
        "editable_project_location",
        "installer",
    ];
    let has = |name: &str| members.iter().any(|(member, _)| member == name);
    if !has("name") || !has("version") {
        None
    } else if members.iter().all(|(name, _)| PIP.contains(&name.as_str())) {
        Some("seems to be the output of `pip list`, which has no summaries")
    } else if has("dist_name") && has("channel") {
        Some("seems to be the output of `conda list`, which has no summaries")
    } else {
        None
    }
}
