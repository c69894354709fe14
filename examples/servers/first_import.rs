//! What a first import leaves that was not finished.

use std::fs;
use std::path::{Path, PathBuf};

use crate::import::TAKEN;
use crate::not_a_list::{folder, names};
use crate::process::{Process, SERVERS, Server, command, ending};

/// What a start without an import says of a store that has a part of its first import.
fn refused(folder: &PathBuf) -> String {
    // The mark is named as the system resolves it.
    let mark = fs::canonicalize(folder).unwrap().join("packages.db-import");
    format!(
        "error: the first import into {}/packages.db was not finished, so packages are missing: \
         start the server with `--import` and the same file to add the rest, or delete the file {} \
         to serve what is there\n",
        folder.display(),
        mark.display()
    )
}

/// Starts a server that must end with an error; the last line of what it says.
fn error(program: &str, args: &[&str], input: &[u8]) -> String {
    let (code, stdout, stderr) = ending(program, args, input);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    stderr.lines().last().unwrap().to_owned() + "\n"
}

#[test]
fn a_part_of_a_first_import_is_not_served_until_the_rest_is_there() {
    let whole =
        br#"[{"name":"a","summary":""},{"name":"b","summary":""},{"name":"c","summary":""}]"#;
    let part = whole.strip_suffix(br#"{"name":"c","summary":""}]"#).unwrap();
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (folder, url) = folder(&format!("part-{number}"));
        let arguments = ["--store", &url, "--import", "-"];
        let (code, _, stderr) = ending(program, &arguments, part);
        assert_eq!(code, Some(1));
        let advice = "packages.db: the first import is not finished: start the server again with the \
                      same `--import` to complete it\n";
        assert!(stderr.contains(advice), "{stderr}");
        assert_eq!(names(&folder), ["packages.db", "packages.db-import"]);

        assert_eq!(error(program, &["--store", &url], b""), refused(&folder));
        // A file without rows does not complete it, nor does one that cannot be read.
        let empty = error(program, &arguments, b"name,summary\n");
        assert!(empty.contains("added nothing to a new store"), "{empty}");
        error(program, &["--store", &url, "--import", "/nowhere/packages.csv"], b"");
        assert_eq!(error(program, &["--store", &url], b""), refused(&folder));

        let server = Server::start_with(program, &arguments, whole);
        assert!(server.package("c").is_ok());
        server.process.signal("TERM");
        assert_eq!(server.process.end().status.code(), Some(0));
        assert_eq!(names(&folder), ["packages.db"]);
        assert!(Server::start(program, &["--store", &url]).package("a").is_ok());
    }
}

#[test]
fn a_part_of_a_first_import_is_served_once_the_mark_is_deleted() {
    let (folder, url) = folder("accepted");
    let part = b"[{\"name\":\"a\",\"summary\":\"\"},";
    error(SERVERS[0], &["--store", &url, "--import", "-"], part);
    fs::remove_file(folder.join("packages.db-import")).unwrap();
    let server = Server::start(SERVERS[0], &["--store", &url]);
    assert!(server.package("a").is_ok());
    assert_eq!(server.package("flask"), Err(404));
}

#[test]
fn a_first_import_that_is_stopped_before_its_first_package_leaves_nothing() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        for (signal, code) in [("TERM", 0), ("INT", 130)] {
            let (folder, url) = folder(&format!("stopped-{number}-{signal}"));
            let process = waiting(program, &url);
            assert_eq!(names(&folder).last().unwrap(), "packages.db-wal");
            process.signal(signal);
            assert_eq!(process.end().status.code(), Some(code), "{program} {signal}");
            assert_eq!(names(&folder), [""; 0], "{program} {signal}");
            assert!(Server::start(program, &["--store", &url]).package("flask").is_ok());
        }
    }
}

/// A server that waits for the first package of its first import.
fn waiting(program: &str, url: &str) -> Process {
    let mut process = Process::spawn_open(command(program, &["--store", url, "--import", "-"]));
    process.write(b"name,summary\nno package,\n");
    process.wait_for("standard input:2: ");
    process
}

/// Nothing can be taken back after this signal. The mark says that an import is to be made, although
/// nothing was written.
#[test]
fn a_first_import_that_was_killed_before_its_first_package_must_be_made_again() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (folder, url) = folder(&format!("killed-{number}"));
        let process = waiting(program, &url);
        process.signal("KILL");
        assert_eq!(process.end().status.code(), None);
        assert!(fs::metadata(folder.join("packages.db")).unwrap().len() > 0);
        assert_eq!(error(program, &["--store", &url], b""), refused(&folder));

        // The store is new still, so an import of nothing does not count.
        let expected = format!(
            "error: the import of standard input added nothing to a new store: it has no rows; {TAKEN}\n"
        );
        let arguments = ["--store", &url, "--import", "-"];
        assert_eq!(error(program, &arguments, b"name,summary\n"), expected);
        // That run has made neither the file nor the mark, so it removes neither.
        assert_eq!(names(&folder), ["packages.db", "packages.db-import"]);
        assert_eq!(error(program, &["--store", &url], b""), refused(&folder));

        let server = Server::start_with(program, &arguments, b"name,summary\na,\n");
        assert_eq!((server.package("a").is_ok(), server.package("flask")), (true, Err(404)));
        drop(server);
        assert!(Server::start(program, &["--store", &url]).package("a").is_ok());
    }
}

/// The mark is the only thing that such a store lacks.
#[test]
fn a_new_store_is_filled_once_the_mark_is_deleted() {
    let (folder, url) = folder("deleted");
    let process = waiting(SERVERS[0], &url);
    process.signal("KILL");
    drop(process.end());
    fs::remove_file(folder.join("packages.db-import")).unwrap();
    assert!(Server::start(SERVERS[0], &["--store", &url]).package("flask").is_ok());
}

#[test]
fn a_first_import_that_ends_with_an_error_about_packages_that_exist_is_finished() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        // The packages exist because a part was imported before, or because the file has one twice.
        for part in ["[{\"name\":\"a\",\"summary\":\"\"},", ""] {
            let (folder, url) = folder(&format!("twice-{number}-{}", part.len()));
            let arguments = ["--store", &url, "--import", "-", "--on-existing", "error"];
            if !part.is_empty() {
                // The control: after this error packages are missing.
                error(program, &arguments, part.as_bytes());
                assert_eq!(error(program, &["--store", &url], b""), refused(&folder));
            }
            let (code, _, stderr) = ending(program, &arguments, b"name,summary\na,\na,\nb,\n");
            assert!(stderr.contains("found packages that exist already"), "{stderr}");
            assert!(code == Some(1) && !stderr.contains("is not finished"), "{stderr}");
            assert_eq!(names(&folder), ["packages.db"]);
            assert!(Server::start(program, &["--store", &url]).package("b").is_ok());
        }
    }
}

#[test]
fn what_somebody_else_has_put_in_the_place_of_the_mark_is_no_mark_and_is_kept() {
    let make: [fn(&Path); 3] = [
        |path| fs::write(path, "mine").unwrap(),
        |path| fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("elsewhere", path).unwrap(),
    ];
    for (number, make) in make.into_iter().enumerate() {
        let (folder, url) = folder(&format!("foreign-{number}"));
        let mark = folder.join("packages.db-import");
        make(&mark);
        let before = fs::symlink_metadata(&mark).unwrap();
        let arguments = ["--store", &url, "--import", "-"];
        let message = error(SERVERS[0], &arguments, b"name,summary\na,\n");
        let expected = format!(
            "error: cannot note beside {}/packages.db whether its first import is finished: {} exists \
             and is not a mark: move it elsewhere\n",
            folder.display(),
            fs::canonicalize(&folder).unwrap().join("packages.db-import").display()
        );
        assert_eq!(message, expected);
        assert_eq!(names(&folder), ["packages.db-import"]);
        assert!(Server::start(SERVERS[0], &["--store", &url]).package("flask").is_ok());
        let after = fs::symlink_metadata(&mark).unwrap();
        assert_eq!((after.len(), after.file_type()), (before.len(), before.file_type()));
    }
    // The control: an empty file is a mark, and stays if the run that finds it adds nothing.
    let (folder, url) = folder("stray");
    fs::write(folder.join("packages.db-import"), "").unwrap();
    error(SERVERS[0], &["--store", &url, "--import", "-"], b"name,summary\n");
    assert_eq!(names(&folder), ["packages.db-import"]);
    assert_eq!(error(SERVERS[0], &["--store", &url], b""), refused(&folder));
}

#[test]
fn a_first_import_that_is_stopped_between_batches_keeps_them_and_is_completed_by_another() {
    let rows: String = (0..20_000).map(|number| format!("p{number:05},\n")).collect();
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (folder, url) = folder(&format!("between-{number}"));
        let arguments = ["--store", &url, "--import", "-"];
        let mut process = Process::spawn_open(command(program, &arguments));
        process.write(format!("name,summary\n{rows}no package,\n").as_bytes());
        // The reader is at most three batches ahead of what is written.
        process.wait_for("standard input:");
        process.signal("TERM");
        assert_eq!(process.end().status.code(), Some(0));
        assert_eq!(names(&folder), ["packages.db", "packages.db-import"]);
        assert_eq!(error(program, &["--store", &url], b""), refused(&folder));

        let text = format!("name,summary\n{rows}last,\n");
        let server = Server::start_with(program, &arguments, text.as_bytes());
        assert!(server.package("p00000").is_ok() && server.package("last").is_ok());
    }
}

/// The control: what the store had before is served as ever.
#[test]
fn a_later_import_that_fails_changes_nothing_about_the_next_start() {
    let (folder, url) = folder("later");
    drop(Server::start(SERVERS[0], &["--store", &url]));
    let part = b"[{\"name\":\"a\",\"summary\":\"\"},";
    error(SERVERS[0], &["--store", &url, "--import", "-"], part);
    assert_eq!(names(&folder), ["packages.db"]);
    let server = Server::start(SERVERS[0], &["--store", &url]);
    assert!(server.package("a").is_ok() && server.package("flask").is_ok());
}
