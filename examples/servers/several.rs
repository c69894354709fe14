//! Imports of several files and of directories.

use std::fs;
use std::path::{Path, PathBuf};

use crate::not_a_list::folder;
use crate::process::{Process, SERVERS, Server, command, ending};

/// A folder with these files.
fn lists(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let (folder, _) = folder(name);
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Both have the package `both`.
const TWO: [(&str, &str); 2] = [
    ("1.csv", "name,summary\none,\nboth,first\n"),
    (
        "2.ndjson",
        "{\"name\":\"both\",\"short_desc\":\"second\"}\n{\"name\":\"two\",\"short_desc\":\"\"}\n",
    ),
];

#[test]
fn several_files_are_imported_in_their_order() {
    let folder = lists("several", &TWO);
    let (first, second) = (path(&folder, "1.csv"), path(&folder, "2.ndjson"));
    for program in SERVERS {
        let repeated = ["--import", &first, "--import", &second];
        let together = ["--import", &second, &first, "--on-existing", "update"];
        for (arguments, order, description) in [
            (&repeated[..], [&first, &second], "first"),
            (&together[..], [&second, &first], "first"),
        ] {
            let server = Server::start(program, arguments);
            for name in order {
                let line = server.process.error_line();
                assert!(line.starts_with(&format!("imported {name}: 2 read, ")), "{line}");
            }
            for (name, description) in [("one", ""), ("both", description), ("two", "")] {
                let expected = format!(r#"{{"name":"{name}","short_desc":"{description}"}}"#);
                assert_eq!(server.package(name).unwrap(), expected);
            }
        }
    }
}

#[test]
fn the_environment_can_name_several_files() {
    let folder = lists("environment", &TWO);
    let mut command = command(SERVERS[0], &[]);
    let paths = format!("{},{}", path(&folder, "1.csv"), path(&folder, "2.ndjson"));
    command.env("PYADAY_IMPORT", paths);
    let server = Server::listening(Process::spawn(command, b""));
    assert!(server.package("one").is_ok() && server.package("two").is_ok());
}

#[test]
fn the_lists_in_a_directory_are_imported_in_the_order_of_their_names() {
    let others = [
        ("README.md", "# Lists\n\nHow they are made.\n"),
        (".hidden.csv", "name,summary\nhidden,\n"),
        ("archive/old.csv", "name,summary\nold,\n"),
    ];
    let folder = lists("directory", &[&TWO[..], &others[..]].concat());
    let directory = folder.to_str().unwrap();
    for program in SERVERS {
        let server = Server::start(program, &["--import", directory]);
        let line = server.process.error_line();
        let begin = format!("cannot import {directory}/README.md: it ");
        assert!(line.starts_with(&begin), "{line}");
        let expected =
            format!("imported 2 of 3 files in {directory}: 4 read, 3 added, 1 present, 0 refused");
        assert_eq!(server.process.error_line(), expected);
        assert_eq!(server.package("both").unwrap(), r#"{"name":"both","short_desc":"first"}"#);
        assert_eq!(server.package("hidden").unwrap_err(), 404);
        assert_eq!(server.package("old").unwrap_err(), 404);
    }
}

#[test]
fn a_directory_of_installed_packages_is_imported() {
    let metadata = "Metadata-Version: 2.4\nName: Flask\nSummary: Web.\nVersion: 3.1\n";
    let files = [
        ("Flask-3.1.dist-info/METADATA", metadata),
        ("Flask-3.1.dist-info/RECORD", "flask/__init__.py,,\n"),
        ("old-1.egg-info/PKG-INFO", "Metadata-Version: 1.0\nName: old\n"),
        ("flask/__init__.py", "import sys\n"),
    ];
    let folder = lists("installed", &files);
    let directory = folder.to_str().unwrap();
    let server = Server::start(SERVERS[0], &["--import", directory]);
    let expected =
        format!("imported 2 of 2 files in {directory}: 2 read, 2 added, 0 present, 0 refused");
    assert_eq!(server.process.error_line(), expected);
    let flask = r#"{"name":"Flask","short_desc":"Web.","metadata":{"version":"3.1"}}"#;
    assert_eq!(server.package("flask").unwrap(), flask);
    assert!(server.package("old").is_ok());
}

#[test]
fn a_named_file_that_is_not_a_list_ends_the_server() {
    let folder = lists("named", &[TWO[0], ("README.md", "# Lists\n\nHow they are made.\n")]);
    let (list, other) = (path(&folder, "1.csv"), path(&folder, "README.md"));
    let (code, _, stderr) = ending(SERVERS[0], &["--import", &list, &other], b"");
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("error: cannot import {other}: it ")), "{stderr}");
    // A name that does not exist is noticed before anything is read.
    let (code, _, stderr) = ending(SERVERS[0], &["--import", &list, "/nowhere/packages.csv"], b"");
    assert_eq!(code, Some(1));
    assert!(!stderr.contains("imported"), "{stderr}");
}

#[test]
fn a_directory_without_a_list_ends_the_server() {
    let (readme, old) =
        (("README.md", "# Lists\n\nNone yet.\n"), ("old/1.csv", "name,summary\na,\n"));
    for (name, files, count) in [("none", &[readme, old][..], 1), ("nothing-in-it", &[][..], 0)] {
        let folder = lists(name, files);
        let directory = folder.to_str().unwrap();
        let (code, _, stderr) = ending(SERVERS[0], &["--import", directory], b"");
        assert_eq!(code, Some(1));
        let expected = format!(
            "error: cannot import {directory}: none of the {count} files in it is a list of packages; "
        );
        assert!(stderr.contains(&expected), "{stderr}");
    }
}

/// The error about packages that exist comes after the last file, as it comes after the last row.
#[test]
fn packages_that_exist_are_an_error_after_all_files_were_read() {
    let folder = lists("existing", &[TWO[0], TWO[1], ("3.csv", "name,summary\none,\nthree,\n")]);
    let url = format!("sqlite:{}/packages.db", folder.display());
    let files = ["1.csv", "2.ndjson", "3.csv"].map(|name| path(&folder, name));
    let [first, second, third] = files.each_ref().map(String::as_str);
    let arguments = ["--store", &url, "--on-existing", "error", "--import", first, second, third];
    let (code, _, stderr) = ending(SERVERS[0], &arguments, b"");
    assert_eq!(code, Some(1));
    for name in [second, third] {
        let expected = format!("the import of {name} found packages that exist already");
        assert!(stderr.contains(&expected), "{stderr}");
    }
    let server = Server::start(SERVERS[0], &["--store", &url]);
    assert!(["one", "two", "three"].iter().all(|name| server.package(name).is_ok()));
}

/// What a directory may have beside lists, and what would hold up an import that opens it.
#[cfg(unix)]
#[test]
fn what_is_not_a_file_in_a_directory_is_left_out() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    let files = [
        ("empty.csv", ""),
        ("list.csv", "name,summary\ngood,\n"),
        ("z.csv", "name,summary\nlast,\n"),
    ];
    let folder = lists("hostile", &files);
    assert!(Command::new("mkfifo").arg(folder.join("a-pipe.csv")).status().unwrap().success());
    let _socket = UnixListener::bind(folder.join("b-socket.csv")).unwrap();
    symlink("c-loop.csv", folder.join("c-loop.csv")).unwrap();
    symlink("/dev/zero", folder.join("d-endless.csv")).unwrap();
    symlink("..", folder.join("e-parent.csv")).unwrap();
    fs::write(folder.join("f-binary.csv"), [0, 159, 146, 150].repeat(1_000)).unwrap();
    fs::write(folder.join(OsStr::from_bytes(b"g-\xff\xfe.csv")), "name,summary\nodd,\n").unwrap();
    fs::create_dir(folder.join("h.dist-info")).unwrap();
    let pipe = folder.join("h.dist-info/METADATA");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());

    let directory = folder.to_str().unwrap();
    for program in SERVERS {
        let (code, stdout, stderr) =
            ending(program, &["--import", directory, "--export", "-"], b"");
        assert_eq!(code, Some(0), "{stderr}");
        let lines = ["good", "last", "odd"]
            .map(|it| format!("{{\"name\":\"{it}\",\"short_desc\":\"\"}}\n"));
        assert_eq!(stdout, lines.concat());
        let reported: Vec<_> = stderr.lines().collect();
        let no_file = "it is not a file, but a pipe, a socket or a device";
        for (name, cause) in [
            ("a-pipe.csv", no_file),
            ("b-socket.csv", no_file),
            ("c-loop.csv", "Too many levels of symbolic links"),
            ("d-endless.csv", no_file),
            ("f-binary.csv", ""),
        ] {
            let is_it = |line: &&&str| {
                line.contains(&format!("{directory}/{name}: ")) && line.contains(cause)
            };
            assert_eq!(reported.iter().filter(is_it).count(), 1, "{name}: {stderr}");
        }
        let end = format!(" files in {directory}: 3 read, 3 added, 0 present, 0 refused");
        assert!(stderr.contains(&end), "{stderr}");
    }
}
