//! From a command to its outcome: the second of the three steps, the only one to touch the store.

use crate::api::Api;
use crate::decode::Command;
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::store::{Create, Delete, PackageStore, Stored, Update};

/// What became of a command.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The methods of this endpoint.
    Options(&'static Endpoint),
    /// The package was added.
    Created {
        /// The package.
        package: Stored,
        /// The path of its resource, as the client would send it.
        location: String,
    },
    /// The package that was asked for.
    Package(Stored),
    /// A package that was drawn.
    RandomPackage(Stored),
    /// The package was replaced, or was the same already.
    Updated,
    /// The package was removed.
    Deleted,
}

/// Does what a command asks for.
///
/// # Errors
/// What the client is to be told instead.
pub async fn execute<S: PackageStore>(api: &Api<S>, command: Command) -> Result<Outcome, Problem> {
    let store = api.store();
    match command {
        Command::Options(endpoint) => Ok(Outcome::Options(endpoint)),
        Command::CreatePackage { package, path } => {
            let location = format!("{path}/{}", package.name);
            match store.create(package).await? {
                Create::Created(package) => Ok(Outcome::Created { package, location }),
                Create::Exists(there) => Err(Problem::package_exists(&there)),
            }
        }
        Command::ReadPackage { name } => match store.read(&name).await? {
            Some(package) => Ok(Outcome::Package(package)),
            None => Err(Problem::package_not_found()),
        },
        Command::UpdatePackage { name, details: Ok(details) } => {
            match store.update(&name, None, details).await? {
                Update::Updated(_) | Update::Unchanged(_) => Ok(Outcome::Updated),
                Update::Absent | Update::Stale(_) => Err(Problem::package_not_found()),
            }
        }
        // Whether the package exists comes before what is wrong with the body.
        Command::UpdatePackage { name, details: Err(problem) } => match store.read(&name).await? {
            Some(_) => Err(problem),
            None => Err(Problem::package_not_found()),
        },
        Command::DeletePackage { name } => match store.delete(&name, None).await? {
            Delete::Deleted => Ok(Outcome::Deleted),
            Delete::Absent | Delete::Stale(_) => Err(Problem::package_not_found()),
        },
        Command::ReadRandomPackage => match store.random(api.options().seed()).await? {
            Some(package) => Ok(Outcome::RandomPackage(package)),
            None => Err(Problem::empty_catalogue()),
        },
    }
}
