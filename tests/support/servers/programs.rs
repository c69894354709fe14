//! PostgreSQL's programs, and who runs them.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::tools::Postgres;

/// The user and the group of another account, since PostgreSQL refuses to work for root; `None` if
/// the tests are not run by root.
static ACCOUNT: LazyLock<Option<(u32, u32)>> = LazyLock::new(|| {
    (fs::metadata("/proc/self").unwrap().uid() == 0).then(|| {
        let accounts = fs::read_to_string("/etc/passwd").unwrap();
        ["postgres", "nobody"].iter().find_map(|name| ids(&accounts, name)).unwrap()
    })
});

fn ids(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let mut lines = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let fields = lines.find(|fields| fields[0] == name)?;
    Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
}

/// A program by its path, run by whom PostgreSQL works for.
pub fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir("/").env("LC_ALL", "C.UTF-8").env("PGCONNECT_TIMEOUT", "60");
    if let Some((user, group)) = *ACCOUNT {
        command.uid(user).gid(group);
    }
    command
}

/// One of the programs of a PostgreSQL.
pub fn program(postgres: &Postgres, name: &str) -> Command {
    command(postgres.programs.join(name))
}

/// Runs one to its end. What it wrote, or what it complained of.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(format!("{command:?}: {}", text(output.stderr))),
    }
}

/// Makes a folder that belongs to whom PostgreSQL works for.
pub fn make_folder(path: &Path) {
    fs::create_dir(path).unwrap();
    give(path);
}

/// Gives a file or a folder to whom PostgreSQL works for.
pub fn give(path: &Path) {
    if let Some((user, group)) = *ACCOUNT {
        chown(path, Some(user), Some(group)).unwrap();
    }
}
