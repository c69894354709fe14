use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;

use super::{Environment, Parameters};
use crate::error::ConnectError;

/// The parameters of a text, as pairs in the order of their names, with some variables of the environment.
fn gathered(text: &str, variables: &[(&str, &str)]) -> Result<String, ConnectError> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let environment = Environment { variable: &variable, home: None };
    Parameters::gather(text, &environment).map(|it| it.to_pairs())
}

#[test]
fn urls_and_pairs_are_read_as_libpq_reads_them() {
    for (text, expected) in [
        ("postgres://", ""),
        ("postgresql://localhost", "host='localhost'"),
        ("postgres://u@h/d", "dbname='d' host='h' user='u'"),
        ("postgres://u:p%40ss@h:1/d", "dbname='d' host='h' password='p@ss' port='1' user='u'"),
        ("postgres://u:p/w?d@h/d", "dbname='d' host='h' password='p/w?d' user='u'"),
        ("postgres://a,b:2,c/d", "dbname='d' host='a,b,c' port=',2,'"),
        ("postgres://[::1]:5,[fe80::1]", "host='::1,fe80::1' port='5,'"),
        ("postgres://%2Frun%2Fpg/d", "dbname='d' host='/run/pg'"),
        ("postgres:///d?host=/run/pg&port=7", "dbname='d' host='/run/pg' port='7'"),
        ("postgres://a?host=b", "host='b'"),
        ("postgres://a?ssl=true", "host='a' sslmode='require'"),
        ("postgres://a?keepalives_count=5", "host='a' keepalives_retries='5'"),
        ("postgres://a?password=it's%20a%5Cb", r"host='a' password='it\'s a\\b'"),
        ("host=a dbname = d", "dbname='d' host='a'"),
        (r"host='a' password='it\'s a\\b' user=u\ v", r"host='a' password='it\'s a\\b' user='u v'"),
        ("host=a password='' user=u", "host='a' user='u'"),
        ("host=a host=b", "host='b'"),
    ] {
        assert_eq!(gathered(text, &[]).unwrap(), expected, "{text}");
    }
}

#[test]
fn unreadable_texts_are_refused_without_any_part_of_them() {
    for text in [
        "s3cret",
        "",
        "mysql://s3cret@h",
        "postgres://u:s3cret@h@a",
        "postgres://u@h?s3cret",
        "postgres://u@h?s3cret=s3cret",
        "postgres://u@h?sslpassword=s3cret",
        "postgres://u:%ffs3cret@h",
        "postgres://[::1]s3cret",
        "host=a s3cret=s3cret",
        "password='s3cret",
        "password=s3cret s3cret",
    ] {
        let error = gathered(text, &[]).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn a_parameter_of_libpq_that_is_not_supported_is_named() {
    let error = gathered("postgres://a?gssencmode=disable", &[]).unwrap_err();
    let expected = "the parameter `gssencmode` of the database is not supported: leave it out";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_environment_fills_in_what_the_text_leaves_out() {
    let variables =
        [("PGHOST", "h"), ("PGPASSWORD", "p"), ("PGUSER", ""), ("PGSSLMODE", "require")];
    let found = gathered("postgres://a/d", &variables).unwrap();
    assert_eq!(found, "dbname='d' host='a' password='p' sslmode='require'");
    let found = gathered("postgres:///d", &variables).unwrap();
    assert_eq!(found, "dbname='d' host='h' password='p' sslmode='require'");
}

const SERVICES: &str = "
# comment
[other]
host=other
[packages]
host=db1
port=5433
password=a=b #c
[broken]
what
[nested]
service=packages
[packages]
host=later
";

/// A file of services for one test.
fn services(test: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("pyaday-{test}-{}.conf", process::id()));
    fs::write(&path, SERVICES).unwrap();
    path
}

#[test]
fn a_service_is_read_before_the_environment() {
    let path = services("services");
    let file = path.to_str().unwrap();
    let variables = [("PGSERVICEFILE", file), ("PGPORT", "1"), ("PGUSER", "u")];
    let expected = "host='db1' password='a=b #c' port='5433' user='u'";
    assert_eq!(gathered("postgres://?service=packages", &variables).unwrap(), expected);
    assert_eq!(gathered("service=packages", &variables).unwrap(), expected);
    let by_name = [&variables[..], &[("PGSERVICE", "packages")]].concat();
    assert_eq!(gathered("postgres://", &by_name).unwrap(), expected);
    let given = gathered("postgres://a:7?service=packages", &variables).unwrap();
    assert_eq!(given, "host='a' password='a=b #c' port='7' user='u'");
    // A file without a service in it says nothing.
    assert_eq!(gathered("postgres://a", &variables).unwrap(), "host='a' port='1' user='u'");
    fs::remove_file(path).unwrap();
}

#[test]
fn a_service_that_cannot_be_read_is_refused_with_the_reason() {
    let path = services("wrong-services");
    let file = path.to_str().unwrap();
    for (service, expected) in [
        (
            "missing",
            "the parameter `service` of the database names a service that no service file has",
        ),
        ("broken", "line 10 of "),
        ("nested", "names another service"),
    ] {
        let text = format!("service={service} servicefile={file}");
        let error = gathered(&text, &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let error = gathered("service=x servicefile=/no/such/file", &[]).unwrap_err();
    assert!(matches!(error, ConnectError::File { name: "servicefile", .. }), "{error:?}");
    fs::remove_file(path).unwrap();
}
