//! The file of passwords (PostgreSQL's documentation, "The Password File").

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

/// A connection for which a password is looked for.
#[derive(Debug)]
pub(crate) struct Login<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) user: &'a str,
}

/// The text of a file of passwords, or why the file is ignored. Other users may not read or write the file,
/// as libpq demands. A file that does not exist has no passwords.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let ignored = |why: &str| format!("the password file {} is ignored: {why}", path.display());
    let Ok(metadata) = fs::metadata(path) else { return Ok(String::new()) };
    if !metadata.is_file() {
        return Err(ignored("it is not a file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        return Err(ignored("other users can read or write it; make it private by `chmod 600`"));
    }
    fs::read_to_string(path).map_err(|error| ignored(&error.to_string()))
}

/// The password of the first line that fits: `HOST:PORT:DATABASE:USER:PASSWORD`. A field `*` fits anything.
/// In each field, `\` takes the next character as it is.
pub(crate) fn find(text: &str, login: &Login<'_>) -> Option<String> {
    let port = login.port.to_string();
    let wanted = [login.host, &port, login.database, login.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for wanted in wanted {
            let (field, after) = split_field(rest)?;
            if field != "*" && unescape(field) != wanted {
                return None;
            }
            rest = after;
        }
        Some(unescape(rest)).filter(|password| !password.is_empty())
    })
}

/// Splits a line at the first colon that has no `\` before it.
fn split_field(line: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = line.bytes().position(|byte| {
        let is_end = byte == b':' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    Some((&line[..end], &line[end + 1..]))
}

fn unescape(field: &str) -> String {
    let mut characters = field.chars();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            // A `\` at the end stands for itself.
            '\\' => text.push(characters.next().unwrap_or('\\')),
            it => text.push(it),
        }
    }
    text
}
