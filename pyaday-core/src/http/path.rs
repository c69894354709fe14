//! Compares the paths of requests with the paths of endpoints.
//!
//! A request's path ends with the path of an endpoint. The prefix where the host mounts it comes
//! before.

use memchr::memrchr;

/// The part of `path` before `template`, which is the path of an endpoint. `None` if `path` does
/// not end with a match of `template`.
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

/// The segment of `path` at the position of `{variable}` in `template`.
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

/// The number of segments of an endpoint's path.
#[cfg(feature = "desk")]
pub(crate) const fn depth(template: &str) -> u8 {
    let (bytes, mut at, mut depth) = (template.as_bytes(), 0, 0);
    while at < bytes.len() {
        depth += (bytes[at] == b'/') as u8;
        at += 1;
    }
    depth
}

/// The names of the variables in an endpoint's path.
pub(crate) fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter_map(name)
}

/// Splits a path into the part before the last segment, and the last segment.
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
