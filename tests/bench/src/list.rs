//! A list of packages in a file.

use std::error::Error;
use std::fs;

use pyaday_core::{Metadata, Package};
use serde_json::{Map, Value};

/// Reads the packages of a file of tab-separated values with a header. It has the columns `name`,
/// `summary`, `rank` and `import_name`.
///
/// # Errors
/// The file cannot be read, or lacks a column.
pub fn read(path: &str, has_ranks: bool) -> Result<Vec<Package>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().unwrap_or_default().split('\t').collect();
    let place = |name: &str| {
        let place = header.iter().position(|column| *column == name);
        place.ok_or(format!("there is no column `{name}`"))
    };
    let (name, summary) = (place("name")?, place("summary")?);
    let (rank, import_name) = (place("rank")?, place("import_name")?);
    let mut packages = Vec::new();
    for line in lines {
        let fields: Vec<_> = line.split('\t').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        let Ok(mut package) = Package::new(field(name), field(summary)) else { continue };
        let mut members = Map::new();
        if let Ok(rank) = field(rank).parse::<u64>()
            && has_ranks
        {
            members.insert("rank".to_owned(), rank.into());
        }
        if !field(import_name).is_empty() {
            let names = field(import_name).split(' ').map(Value::from);
            members.insert("import_name".to_owned(), names.collect());
        }
        package.details.metadata = Metadata::try_from(members)?;
        packages.push(package);
    }
    Ok(packages)
}
