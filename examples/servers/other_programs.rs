//! What other programs see of the file of a server.

use std::path::Path;
use std::process::Command;

use pyaday_tests::tools::{Tool, are_there};

use crate::not_a_list::{folder, names};
use crate::process::{SERVERS, Server};
use crate::readme::README;

/// Runs a command in a folder; what it prints if it succeeds, and what it complains about if it does not.
fn run(folder: &Path, line: &str) -> Result<String, String> {
    let output = Command::new("sh").args(["-c", line]).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// The commands of the README's section about the file that begin so.
fn commands(beginning: &str) -> Vec<&'static str> {
    let section = README.split("### Looking into the SQLite file").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section.lines().filter(|line| line.starts_with(beginning)).collect()
}

#[test]
fn the_sqlite3_shell_reads_a_copy_of_the_file_of_a_server_and_the_file_itself_afterwards() {
    if !are_there("the sqlite3 shell", &[Tool::Program("sqlite3")]) {
        return;
    }
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (folder, _) = folder(&format!("shell-{number}"));
        let store = format!("sqlite:{}/pyaday.db", folder.display());
        let list = "name,summary,tags\nFlask,Web.,web\nsanic,,web fast\n";
        let server =
            Server::start_with(program, &["--store", &store, "--import", "-"], list.as_bytes());
        let all = "SELECT name, short_desc, tags FROM package";
        let locked = run(&folder, &format!("sqlite3 -readonly pyaday.db '{all}'")).unwrap_err();
        assert!(locked.contains("database is locked"), "{locked}");

        let [copy] = commands("mkdir copy")[..] else { panic!("one command makes a copy") };
        assert_eq!(run(&folder, copy), Ok(String::new()));
        let [check] = commands("sqlite3 -readonly copy/")[..] else { panic!("one command checks") };
        assert_eq!(run(&folder, check), Ok("ok\n".to_owned()));
        let packages = "Flask|Web.|[\"web\"]\nsanic||[\"fast\",\"web\"]\n";
        let of_copy = run(&folder, &format!("sqlite3 -readonly copy/pyaday.db '{all}'"));
        assert_eq!(of_copy.as_deref(), Ok(packages));
        // The control: the newest packages are in the second file.
        std::fs::remove_file(folder.join("copy/pyaday.db-wal")).unwrap();
        let part = run(&folder, &format!("sqlite3 -readonly copy/pyaday.db '{all}'"));
        assert_ne!(part.as_deref(), Ok(packages));

        server.process.signal("TERM");
        assert_eq!(server.process.end().status.code(), Some(0));
        let [tags, actors] = commands("sqlite3 -readonly pyaday.db ")[..] else {
            panic!("two commands show the file")
        };
        assert_eq!(run(&folder, tags).as_deref(), Ok("web|2\nfast|1\n"));
        let actors = run(&folder, actors).unwrap();
        assert!(actors.starts_with("|import|1|2"), "{actors}");
        // The server accepts what the shell has left beside the file.
        assert!(names(&folder).len() > 2);
        let server = Server::start(program, &["--store", &store]);
        assert!(server.package("flask").is_ok());
    }
}
