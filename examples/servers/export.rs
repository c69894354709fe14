//! What `--export` writes, and what it leaves alone.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use pyaday_tests::servers::node::Node;
use pyaday_tests::tools::{Tool, are_there};

use crate::not_a_list::{folder, names};
use crate::process::{Process, SERVERS, Server, command, ending, file};

/// Packages with what the two formats write differently.
const LIST: &str = concat!(
    r#"{"name":"Flask","short_desc":"=1+1, \"web\"","tags":["web"],"metadata":{"z":1,"a":"\n"}}"#,
    "\n",
    r#"{"name":"zope.interface","short_desc":"Interfaces."}"#,
    "\n",
);

const TABLE: &str = "name,short_desc,tags,metadata\r\n\
                     Flask,\"'=1+1, \"\"web\"\"\",web,\"{\"\"z\"\":1,\"\"a\"\":\"\"\\n\"\"}\"\r\n\
                     zope.interface,Interfaces.,,\r\n";

/// A folder with the SQLite file of a server that has imported [`LIST`].
fn filled(name: &str) -> (PathBuf, String) {
    let (folder, url) = folder(name);
    let arguments = ["--store", &url, "--import", "-"];
    let server = Server::start_with(SERVERS[0], &arguments, LIST.as_bytes());
    stop(server);
    (folder, url)
}

fn stop(server: Server) {
    server.process.signal("TERM");
    assert_eq!(server.process.end().status.code(), Some(0));
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Runs a program that must succeed, and returns what it says last.
fn succeeding(program: &str, arguments: &[&str], input: &[u8]) -> String {
    let (code, stdout, stderr) = ending(program, arguments, input);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    stderr.lines().last().unwrap().to_owned()
}

/// Runs a program that must fail, and returns what it says last.
fn failing(program: &str, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = ending(program, arguments, b"");
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    stderr.lines().last().unwrap().to_owned()
}

#[test]
fn a_file_gets_what_the_server_returns_and_the_server_does_not_listen() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (folder, url) = filled(&format!("export-{number}"));
        let server = Server::start(program, &["--store", &url]);
        let [ndjson, csv] =
            ["", "?format=csv"].map(|it| server.get(format_args!("/export{it}")).body);
        stop(server);
        assert_eq!([ndjson.as_str(), csv.as_str()], [LIST, TABLE]);
        for (name, format, expected) in [
            ("all.ndjson", None, LIST),
            ("all", None, LIST),
            ("all.csv", None, TABLE),
            ("ALL.CSV", None, TABLE),
            ("table.txt", Some("csv"), TABLE),
            ("list.csv", Some("ndjson"), LIST),
        ] {
            let file = path(&folder, name);
            let mut arguments = vec!["--store", &url, "--export", &file];
            arguments.extend(format.map(|format| ["--export-format", format]).iter().flatten());
            let line = succeeding(program, &arguments, b"");
            let parts = line.strip_prefix("exported 2 packages of revision ").unwrap();
            let (revision, place) = parts.split_once(' ').unwrap();
            assert!(revision.parse::<u64>().is_ok_and(|it| it > 0), "{line}");
            assert_eq!(place, format!("to {file}"));
            assert_eq!(fs::read_to_string(&file).unwrap(), expected, "{name}");
        }
        let all =
            ["ALL.CSV", "all", "all.csv", "all.ndjson", "list.csv", "packages.db", "table.txt"];
        assert_eq!(names(&folder), all);
    }
}

#[test]
fn standard_output_gets_nothing_but_the_packages() {
    let (_, url) = filled("export-standard-output");
    for program in SERVERS {
        let (code, stdout, _) = ending(program, &["--store", &url, "--export", "-"], b"");
        assert_eq!((code, stdout.as_str()), (Some(0), LIST));
        let mut command = command(program, &["--store", &url]);
        command.env("PYADAY_EXPORT", "-").env("PYADAY_EXPORT_FORMAT", "csv");
        let ended = Process::spawn(command, b"").end();
        assert_eq!((ended.status.code(), ended.stdout), (Some(0), TABLE.replace('\r', "")));
    }
}

#[test]
fn an_import_comes_before_the_export() {
    let table = file("export-import.csv", TABLE);
    let table = table.to_str().unwrap();
    for (number, program) in SERVERS.into_iter().enumerate() {
        let arguments = ["--import", table, "--export", "-"];
        let (code, stdout, stderr) = ending(program, &arguments, b"");
        assert_eq!((code, stdout.as_str()), (Some(0), LIST), "{stderr}");
        assert!(stderr.starts_with(&format!("imported {table}: 2 read, 2 added, ")), "{stderr}");
        // A new file is fine then, and so is the same list.
        let (folder, url) = folder(&format!("export-import-{number}"));
        let list = path(&folder, "list.csv");
        fs::copy(table, &list).unwrap();
        succeeding(program, &["--store", &url, "--import", &list, "--export", &list], b"");
        assert_eq!(fs::read_to_string(&list).unwrap(), TABLE);
        assert_eq!(names(&folder), ["list.csv", "packages.db"]);
    }
}

#[test]
fn a_store_that_is_not_there_is_an_error_and_is_not_created() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        let (folder, url) = folder(&format!("export-nothing-{number}"));
        let (store, output) = (path(&folder, "packages.db"), path(&folder, "packages.ndjson"));
        for to in [&output, "-"] {
            let line = failing(program, &["--store", &url, "--export", to]);
            assert_eq!(line, format!("error: cannot export {store}: there is no such file"));
            assert!(names(&folder).is_empty());
        }
        let line = failing(program, &["--export", &output]);
        let new = "it is new and has no packages; `--import` adds some before";
        assert_eq!(line, format!("error: cannot export memory: {new}"));
        // A file without a table is as new as one that is not there.
        fs::write(&store, "").unwrap();
        let line = failing(program, &["--store", &url, "--export", &output]);
        assert_eq!(line, format!("error: cannot export {store}: {new}"));
        assert_eq!(names(&folder), ["packages.db"]);
    }
}

#[test]
fn a_catalogue_that_has_become_empty_is_exported() {
    let (folder, url) = filled("export-empty");
    let server = Server::start(SERVERS[0], &["--store", &url]);
    for name in ["flask", "zope.interface"] {
        assert_eq!(
            server.ask("DELETE", &format!("/packages/{name}"), "Host: localhost\r\n").status,
            204
        );
    }
    stop(server);
    let output = path(&folder, "all.csv");
    let line = succeeding(SERVERS[0], &["--store", &url, "--export", &output], b"");
    assert!(line.starts_with("exported 0 packages of revision "), "{line}");
    assert_eq!(fs::read_to_string(&output).unwrap(), "name,short_desc,tags,metadata\r\n");
}

#[test]
fn a_part_of_a_first_import_is_not_exported() {
    let (folder, url) = folder("export-part");
    let part = r#"[{"name":"a","summary":""},"#;
    ending(SERVERS[0], &["--store", &url, "--import", "-"], part.as_bytes());
    let output = path(&folder, "all.ndjson");
    let line = failing(SERVERS[0], &["--store", &url, "--export", &output]);
    assert!(line.contains("was not finished, so packages are missing"), "{line}");
    assert_eq!(names(&folder), ["packages.db", "packages.db-import"]);
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_before_the_import() {
    let (folder, url) = filled("export-unwritable");
    fs::create_dir(folder.join("folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("link")).unwrap();
    for (name, cause) in [
        ("folder", "Is a directory"),
        ("nowhere/all.ndjson", "No such file or directory"),
        ("packages.db/all.ndjson", "Not a directory"),
        ("link", "No such file or directory"),
        ("packages.db", "it is a file of the store itself"),
        ("packages.db-wal", "it is a file of the store itself"),
        ("folder/../packages.db", "it is a file of the store itself"),
    ] {
        let output = path(&folder, name);
        let arguments = ["--store", &url, "--import", "-", "--export", &output];
        let (code, _, stderr) = ending(SERVERS[0], &arguments, b"name,summary\nnew,\n");
        assert_eq!(code, Some(1));
        let line = stderr.lines().last().unwrap();
        let begin = format!("error: cannot write the export to {output}: {cause}");
        assert!(line.starts_with(&begin), "{line}");
    }
    // Nothing was imported, and the store is as it was.
    let (_, stdout, _) = ending(SERVERS[0], &["--store", &url, "--export", "-"], b"");
    assert_eq!(stdout, LIST);
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_is_an_error() {
    let (_, url) = filled("export-full");
    let line = failing(SERVERS[0], &["--store", &url, "--export", "/dev/full"]);
    let begin = "error: cannot write the export to /dev/full: No space left on device";
    assert!(line.starts_with(begin), "{line}");
}

#[test]
fn a_file_keeps_its_permissions_and_a_link_its_target() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (folder, url) = filled("export-replaced");
    let [old, link] = ["old.ndjson", "link.ndjson"].map(|name| folder.join(name));
    fs::write(&old, "old\n").unwrap();
    fs::set_permissions(&old, PermissionsExt::from_mode(0o640)).unwrap();
    symlink("old.ndjson", &link).unwrap();
    succeeding(SERVERS[0], &["--store", &url, "--export", link.to_str().unwrap()], b"");
    assert_eq!(fs::read_to_string(&old).unwrap(), LIST);
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    // A new file gets what the umask leaves.
    let new = path(&folder, "new.ndjson");
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "umask 027; exec \"$@\"",
        "sh",
        SERVERS[0],
        "--store",
        &url,
        "--export",
        &new,
    ]);
    assert!(shell.output().unwrap().status.success());
    assert_eq!(fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_named_pipe_is_written_to_and_stays() {
    let (folder, url) = filled("export-pipe");
    let pipe = path(&folder, "pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let process = Process::spawn(command(SERVERS[0], &["--store", &url, "--export", &pipe]), b"");
    assert_eq!(fs::read_to_string(&pipe).unwrap(), LIST);
    assert_eq!(process.end().status.code(), Some(0));
    assert_eq!(names(&folder), ["packages.db", "pipe"]);
}

/// The list to import comes from a pipe, so the process waits with the new file open.
#[test]
fn a_stopped_export_leaves_the_old_file_and_no_other() {
    for (number, program) in SERVERS.into_iter().enumerate() {
        for (signal, code) in [("TERM", 143), ("INT", 130)] {
            let (folder, url) = folder(&format!("export-stopped-{number}-{signal}"));
            let output = path(&folder, "all.ndjson");
            fs::write(&output, "old\n").unwrap();
            let arguments = ["--store", &url, "--import", "-", "--export", &output];
            let process = Process::spawn_open(command(program, &arguments));
            process.wait_for(&format!("{}: 0 packages, ", path(&folder, "packages.db")));
            let is_part =
                |name: &String| name.starts_with(".all.ndjson.") && name.ends_with(".part");
            assert_eq!(names(&folder).iter().filter(|it| is_part(it)).count(), 1);
            process.signal(signal);
            let ended = process.end();
            assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(code), ""));
            // How many rows were imported follows, if the import had begun.
            let expected =
                format!("stopped by SIG{signal}: the export to {output} is not complete");
            assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
            assert_eq!(names(&folder), ["all.ndjson"]);
            assert_eq!(fs::read_to_string(&output).unwrap(), "old\n");
        }
    }
}

#[test]
fn a_killed_export_leaves_the_old_file() {
    let (folder, url) = folder("export-killed");
    let output = path(&folder, "all.ndjson");
    fs::write(&output, "old\n").unwrap();
    let arguments = ["--store", &url, "--import", "-", "--export", &output];
    let process = Process::spawn_open(command(SERVERS[0], &arguments));
    process.wait_for(&format!("{}: 0 packages, ", path(&folder, "packages.db")));
    process.signal("KILL");
    assert_eq!(process.end().status.code(), None);
    assert_eq!(fs::read_to_string(&output).unwrap(), "old\n");
    // The control: what was written so far has another name.
    assert!(names(&folder).iter().any(|name| name.starts_with(".all.ndjson.")));
}

/// A process that exports more than fits into the pipe that is its standard output.
fn exporting_many(program: &str, name: &str) -> (Child, ChildStdout) {
    let text = "x".repeat(100);
    let rows = (0..10_000).map(|number| format!("p{number},{text}\n"));
    let list = ["name,summary\n".to_owned()].into_iter().chain(rows).collect::<String>();
    let list = file(name, list);
    let arguments = ["--import", list.to_str().unwrap(), "--export", "-"];
    let mut command = command(program, &arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    (child, stdout)
}

#[test]
fn an_export_that_nobody_reads_is_stopped_promptly() {
    for program in SERVERS {
        let (mut child, mut stdout) = exporting_many(program, "export-unread.csv");
        stdout.read_exact(&mut [0]).unwrap();
        assert!(child.try_wait().unwrap().is_none());
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(143));
        let stderr = String::from_utf8(output.stderr).unwrap();
        let line = "stopped by SIGTERM: the export to standard output is not complete";
        assert_eq!(stderr.lines().last(), Some(line));
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_export_quietly() {
    for program in SERVERS {
        let (child, mut stdout) = exporting_many(program, "export-head.csv");
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(141));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("imported "), "{stderr}");
    }
}

/// Writes rows until the server has said how far it is, which it does after some seconds.
#[test]
fn an_import_says_how_far_it_is() {
    let (mut process, errors) = Process::spawn_mute(command(SERVERS[0], &["--import", "-"]));
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || errors.read().try_for_each(|line| sender.send(line)));
    process.write(b"name,summary\n");
    let mut rows = 0;
    let line = loop {
        process.write(format!("p{rows},\n").as_bytes());
        rows += 1;
        match lines.recv_timeout(Duration::from_millis(10)) {
            Ok(line) => break line,
            Err(error) => assert_eq!(error, RecvTimeoutError::Timeout),
        }
    };
    let said = line.strip_prefix("importing standard input: ").unwrap();
    let said: u64 = said.strip_suffix(" rows so far").unwrap().parse().unwrap();
    assert!(said > 0 && said <= rows, "{line}");
    process.close_stdin();
    let end = format!("imported standard input: {rows} read, {rows} added, 0 present, 0 refused");
    assert!(lines.iter().any(|line| line == end));
}

/// The way that the README shows, there and back.
#[test]
fn a_catalogue_moves_from_a_file_to_postgresql_and_back() {
    if !are_there("moving a catalogue with the servers", &[Tool::Postgres]) {
        return;
    }
    let database = Node::start("moving");
    let (folder, sqlite) = filled("export-moved");
    let postgres = database.url("postgres");
    let back = format!("sqlite:{}", path(&folder, "back.db"));
    let [first, second, third] = ["1.ndjson", "2.csv", "3.ndjson"].map(|name| path(&folder, name));
    for (from, file, to) in [
        (&sqlite, &first, Some(&postgres)),
        (&postgres, &second, Some(&back)),
        (&back, &third, None),
    ] {
        let line = succeeding(SERVERS[0], &["--store", from, "--export", file], b"");
        assert!(line.starts_with("exported 2 packages "), "{line}");
        if let Some(to) = to {
            stop(Server::start(SERVERS[1], &["--store", to, "--import", file]));
        }
    }
    assert_eq!(fs::read_to_string(&first).unwrap(), LIST);
    assert_eq!(fs::read_to_string(&second).unwrap(), TABLE);
    assert_eq!(fs::read_to_string(&third).unwrap(), LIST);
}

/// A database to which nobody has written is not a catalogue.
#[test]
fn a_new_database_is_not_exported() {
    if !are_there("exporting a new database", &[Tool::Postgres]) {
        return;
    }
    let database = Node::start("new");
    let line = failing(SERVERS[0], &["--store", &database.url("postgres"), "--export", "-"]);
    assert!(line.starts_with("error: cannot export PostgreSQL: it is new "), "{line}");
}
