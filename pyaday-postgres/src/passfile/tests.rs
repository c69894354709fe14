use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process;

use super::{Login, find, read};

#[test]
fn the_first_line_that_fits_has_the_password() {
    let text = r"#db:5432:d:u:comment
db:5432:d:u:first
db:5432:d:u:second
db:*:*:admin:a:b\:c\\d\
*:5433:d:u:any host
/run/pg:5432:d:u:socket
a\:b:5432:d:u:escaped
::1:5432:d:u:not escaped
\:\:1:5432:d:u:address
db:5432:d:empty:
db:5432:short
";
    for ((host, port, database, user), expected) in [
        (("db", 5432, "d", "u"), Some("first")),
        (("db", 5432, "other", "u"), None),
        (("DB", 5432, "d", "u"), None),
        (("db", 1, "x", "admin"), Some(r"a:b:c\d\")),
        (("anything", 5433, "d", "u"), Some("any host")),
        (("/run/pg", 5432, "d", "u"), Some("socket")),
        (("a:b", 5432, "d", "u"), Some("escaped")),
        (("::1", 5432, "d", "u"), Some("address")),
        (("db", 5432, "d", "empty"), None),
        (("", 5432, "d", "u"), None),
    ] {
        let found = find(text, &Login { host, port, database, user });
        assert_eq!(found.as_deref(), expected, "{host} {port} {database} {user}");
    }
}

#[test]
fn a_file_that_others_can_use_is_ignored_with_a_notice() {
    let path = env::temp_dir().join(format!("pyaday-passfile-{}", process::id()));
    assert_eq!(read(&path).as_deref(), Ok(""));
    fs::write(&path, "*:*:*:*:s3cret").unwrap();
    for (mode, is_read) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = read(&path);
        assert_eq!(found.is_ok(), is_read, "{mode:o}");
        if let Err(notice) = found {
            assert!(notice.contains("chmod 600") && !notice.contains("s3cret"), "{notice}");
        }
    }
    fs::remove_file(path).unwrap();
}
