//! The file of services: named sets of parameters (PostgreSQL's documentation, "The Connection Service
//! File").

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::ConnectError;
use crate::parameters::{Environment, Parameters};

/// The parameters of a service. A file that is named must exist and have it. Otherwise it is looked for in
/// `~/.pg_service.conf`, and then in `pg_service.conf` in the folder `PGSYSCONFDIR`.
pub(crate) fn read(
    service: &str,
    file: Option<PathBuf>,
    environment: &Environment<'_>,
) -> Result<Parameters, ConnectError> {
    let is_named = file.is_some();
    let system = || (environment.variable)("PGSYSCONFDIR").map(PathBuf::from);
    let files = match file {
        Some(file) => vec![file],
        None => {
            let of_user = environment.in_home(".pg_service.conf");
            let of_system = system().map(|folder| folder.join("pg_service.conf"));
            of_user.into_iter().chain(of_system).collect()
        }
    };
    for file in files {
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound && !is_named => continue,
            text => text.map_err(|error| ConnectError::file("servicefile", &file, error))?,
        };
        if let Some(parameters) = find(service, &text, &file)? {
            return Ok(parameters);
        }
    }
    let fault = "names a service that no service file has: add it to `~/.pg_service.conf`, or name the \
                 file by `PGSERVICEFILE`";
    Err(ConnectError::Parameter { name: "service", fault: fault.to_owned() })
}

/// The parameters of a service in the text of a file, if it has the service.
fn find(service: &str, text: &str, file: &Path) -> Result<Option<Parameters>, ConnectError> {
    let mut found: Option<Parameters> = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        let fault = |fault: &str| {
            let file = file.display();
            let fault = format!("cannot be read: line {number} of {file} {fault}");
            ConnectError::Parameter { name: "servicefile", fault }
        };
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(_) if found.is_some() => break,
            Some(name) => found = (name == service).then(Parameters::default),
            None if line.is_empty() || line.starts_with('#') => {}
            None => {
                let Some(parameters) = &mut found else { continue };
                let pair = line.split_once('=');
                let (name, value) = pair.ok_or_else(|| fault("is not `NAME=VALUE`"))?;
                if matches!(name, "service" | "servicefile") {
                    return Err(fault("names another service"));
                }
                parameters
                    .set(name, value.to_owned())
                    .map_err(|_| fault("has a parameter that is not known or not supported"))?;
            }
        }
    }
    Ok(found)
}
