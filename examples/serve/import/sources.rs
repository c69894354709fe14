//! The files and directories that an import is told to read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyaday_core::PackageStore;

use super::{ImportOptions, OnExisting, Source, Summary, import_one};
use crate::Error;
use crate::error::{tell, with_causes};
use crate::progress::Pace;
use crate::signal::Stopping;
use crate::url::shown;

/// How many files of a directory are named that are not lists. The others are counted.
const NAMED: usize = 20;

/// What is to be imported, in its order.
#[derive(Debug)]
pub(crate) struct Sources(Vec<Item>);

#[derive(Debug)]
enum Item {
    /// A file that was named, which must be a list of packages.
    File(Source),
    Directory(Directory),
}

/// A directory that was named. It may have other files beside the lists.
#[derive(Debug)]
struct Directory {
    name: String,
    files: Vec<PathBuf>,
}

impl Sources {
    /// Opens the files, and lists what is in the directories. `None` if nothing is to be imported.
    ///
    /// # Errors
    /// One of the files cannot be opened, or one of the directories cannot be read.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Option<Self>, Error> {
        let items: Vec<_> = paths.iter().map(|path| Item::open(path)).collect::<Result<_, _>>()?;
        Ok(Some(Self(items)).filter(|sources| !sources.0.is_empty()))
    }

    /// Adds the packages of all files to a store, and reports what became of the rows.
    ///
    /// # Errors
    /// Those of [`import`](crate::import()), or a new store got nothing. The later files are not read then, with one exception: the error about
    /// packages that exist comes after the last file.
    pub(crate) async fn import<S: PackageStore>(
        self,
        store: &S,
        is_new: bool,
        options: ImportOptions,
        stop: &Stopping,
    ) -> Result<(), Error> {
        let (name, pace) = (self.name(), Pace::new());
        let (mut rows, mut summaries, mut existing) = (0, Vec::new(), None);
        for item in self.0 {
            let imported = match item {
                Item::File(source) => {
                    let name = source.name().to_owned();
                    let pace = Arc::clone(&pace);
                    let summary = import_one(store, source, options, stop.clone(), pace).await;
                    summary.map(|summary| (name, summary))
                }
                Item::Directory(directory) => directory.import(store, options, stop, &pace).await,
            };
            match imported {
                Ok((name, summary)) => {
                    rows += summary.read();
                    summaries.push(format!("imported {name}: {summary}"));
                    // If nothing comes of the first import, then the error is enough.
                    if rows > 0 || !is_new {
                        summaries.drain(..).for_each(|summary| tell(&summary));
                    }
                }
                Err(error @ Error::Existing { .. }) => {
                    if let Some(earlier) = existing.replace(error) {
                        tell(&with_causes(&earlier));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        match existing {
            Some(existing) => Err(existing),
            None if is_new && rows == 0 => Err(Error::NothingAdded { name }),
            None => Ok(()),
        }
    }

    /// What is imported, for a message.
    fn name(&self) -> String {
        let names: Vec<_> = self.0.iter().map(Item::name).collect();
        names.join(", ")
    }
}

impl Item {
    fn open(path: &Path) -> Result<Self, Error> {
        if !path.is_dir() {
            return Source::open(path).map(Self::File);
        }
        let name = shown(&path.display().to_string());
        match files_in(path) {
            Ok(files) => Ok(Self::Directory(Directory { name, files })),
            Err(source) => Err(Error::Unreadable { name, source }),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::File(source) => source.name(),
            Self::Directory(directory) => &directory.name,
        }
    }
}

impl Directory {
    /// Adds the packages of those files that are lists. Returns what the lists are called together.
    async fn import<S: PackageStore>(
        self,
        store: &S,
        options: ImportOptions,
        stop: &Stopping,
        pace: &Arc<Pace>,
    ) -> Result<(String, Summary), Error> {
        let Self { name, files } = self;
        let mut total = Summary { on_existing: options.on_existing, ..Summary::default() };
        let (mut lists, mut others) = (0, 0);
        for path in files {
            let imported = match Source::found(&path) {
                Ok(source) => {
                    import_one(store, source, options, stop.clone(), Arc::clone(pace)).await
                }
                Err(error) => Err(error),
            };
            match imported {
                Ok(summary) | Err(Error::Existing { summary, .. }) => {
                    lists += 1;
                    total.add(summary);
                }
                Err(error) if is_no_list(&error) => {
                    others += 1;
                    if others <= NAMED {
                        tell(&left_out(&error));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if others > NAMED {
            let more = others - NAMED;
            tell(&format!("{name}: {more} more files could not be imported"));
        }
        if lists == 0 {
            return Err(Error::NoLists { name, files: others });
        }
        let name = format!("{lists} of {} files in {name}", lists + others);
        match options.on_existing {
            OnExisting::Error if total.present > 0 => Err(Error::Existing { name, summary: total }),
            _ => Ok((name, total)),
        }
    }
}

/// Why a file of a directory was left out, without what can be imported: it may be one of many.
fn left_out(error: &Error) -> String {
    match error {
        Error::NotAList { name, fault } => format!("cannot import {name}: it {fault}"),
        Error::AllRefused { name, refused } => {
            format!("cannot import {name}: all of its first {refused} rows were refused")
        }
        other => with_causes(other),
    }
}

/// True for the error of a file that may lie beside lists of packages. The import goes on with the next
/// file.
fn is_no_list(error: &Error) -> bool {
    matches!(error, Error::NotAList { .. } | Error::AllRefused { .. } | Error::Unreadable { .. })
}

/// The files of a directory, in the order of their names. What is hidden is left out, and so are
/// directories within it, except that those of installed distributions stand for the file that
/// describes the package.
fn files_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(description_in(&path)),
            false => files.push(path),
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The file with the core metadata of an installed distribution.
fn description_in(directory: &Path) -> Option<PathBuf> {
    let name = match directory.extension()?.to_str()? {
        "dist-info" => "METADATA",
        "egg-info" => "PKG-INFO",
        _ => return None,
    };
    Some(directory.join(name)).filter(|path| path.is_file())
}
