//! Paths of requests against the paths of endpoints.
//!
//! The path of an endpoint is at the end of a request's path, after what the host mounts it at.

use memchr::memrchr;

/// The part of `path` before `template`, the path of an endpoint; `None` if it does not end so.
pub(crate) fn split_mount<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some(template) = template.strip_prefix('/') else {
        return Some(path);
    };
    let mut before = path;
    for expected in template.rsplit('/') {
        let (rest, segment) = before.rsplit_once('/')?;
        let fits = if is_variable(expected) { !segment.is_empty() } else { segment == expected };
        if !fits {
            return None;
        }
        before = rest;
    }
    Some(before)
}

/// The segment of `path` that stands where `template` has `{variable}`.
pub(crate) fn variable<'a>(template: &str, path: &'a str, variable: &str) -> Option<&'a str> {
    let (mut template, mut path) = (template, path);
    loop {
        let (template_before, segment) = split_last(template)?;
        let (path_before, value) = split_last(path)?;
        if name(segment) == Some(variable) {
            return Some(value);
        }
        (template, path) = (template_before, path_before);
    }
}

/// The names of the variables of an endpoint's path.
pub(crate) fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter_map(name)
}

/// The path before the last segment, and that segment.
fn split_last(path: &str) -> Option<(&str, &str)> {
    let slash = memrchr(b'/', path.as_bytes())?;
    Some((&path[..slash], &path[slash + 1..]))
}

fn is_variable(segment: &str) -> bool {
    name(segment).is_some()
}

fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_is_what_stands_before_the_endpoints_path() {
        for (template, path, mount) in [
            ("", "/rand", Some("/rand")),
            ("", "", Some("")),
            ("/{name}", "/packages/flask", Some("/packages")),
            ("/{name}", "/flask", Some("")),
            ("/{name}", "/packages/", None),
            ("/{name}", "flask", None),
            ("/pins/{date}", "/daily/pins/2026-11-23", Some("/daily")),
            ("/pins/{date}", "/daily/pin/2026-11-23", None),
            ("/{name}/spelling", "/a/b/packages/flask/spelling", Some("/a/b/packages")),
            ("/{name}/spelling", "/packages//spelling", None),
            ("/{name}/spelling", "/packages/flask", None),
            ("/{name}/at/{date}", "/p/flask/at/2026-11-23", Some("/p")),
        ] {
            assert_eq!(split_mount(template, path), mount, "{template} {path}");
        }
    }

    #[test]
    fn a_variable_may_stand_anywhere() {
        for (template, path, name, value) in [
            ("/{name}", "/packages/flask", "name", Some("flask")),
            ("/{name}", "/packages/flask", "date", None),
            ("/{name}/spelling", "/packages/flask/spelling", "name", Some("flask")),
            ("/{name}/at/{date}", "/p/flask/at/2026-11-23", "name", Some("flask")),
            ("/{name}/at/{date}", "/p/flask/at/2026-11-23", "date", Some("2026-11-23")),
            ("/{name}/at/{date}", "/2026-11-23", "name", None),
        ] {
            assert_eq!(variable(template, path, name), value, "{template} {path} {name}");
        }
    }

    #[test]
    fn all_variables_are_listed() {
        assert_eq!(variables("/{name}/at/{date}").collect::<Vec<_>>(), ["name", "date"]);
        assert_eq!(variables("/pins").count(), 0);
    }
}
