//! The tokens that a server knows, of which it keeps only digests.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use pyaday_core::Actor;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::AccessError;
use super::roles::{READER, UNKNOWN, WRITER};
use crate::error::tell;

/// The minimum length of a token: 16 random bytes in base64.
const MIN_LENGTH: usize = 24;

/// The maximum length of a token. Longer ones are not looked at.
const MAX_LENGTH: usize = 1024;

/// The maximum length of a token file, in bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// Where tokens for one purpose come from, and their text.
pub(super) struct Source {
    /// What it is called in messages.
    name: String,
    text: String,
}

impl Source {
    /// Reads the file or the variable. `None` if neither is given.
    pub(super) fn find(
        option: &'static str,
        file: Option<&Path>,
        variable: &'static str,
    ) -> Result<Option<Self>, AccessError> {
        match (file, env::var_os(variable)) {
            (Some(_), Some(_)) => Err(AccessError::TwoSources { option, variable }),
            (Some(path), None) => {
                let unreadable = |source| AccessError::Unreadable { option, source };
                let text = read(path, option).map_err(unreadable)?;
                Ok(Some(Self { name: format!("the file that `{option}` names"), text }))
            }
            // Text that is not Unicode becomes text that no token has.
            (None, Some(text)) => {
                let text = text.to_string_lossy().into_owned();
                Ok(Some(Self { name: variable.to_owned(), text }))
            }
            (None, None) => Ok(None),
        }
    }

    /// The tokens, one a line, each after a name and a colon if it has a name.
    fn tokens(&self, role: &'static str) -> Result<Vec<Token>, AccessError> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let lines = text.lines().map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let tokens = lines
            .map(|(text, line)| Token::parse(text, role).map_err(|rule| self.fault(line, rule)));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        if tokens.is_empty() {
            return Err(AccessError::NoToken { origin: self.name.clone() });
        }
        Ok(tokens)
    }

    fn fault(&self, line: usize, rule: String) -> AccessError {
        AccessError::Token { origin: self.name.clone(), line, rule }
    }
}

/// Reads a token file, and warns if everyone may read it.
fn read(path: &Path, option: &str) -> io::Result<String> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        if file.metadata()?.permissions().mode() & 0o004 != 0 {
            tell(&format!(
                "warning: every user of this machine can read the file that `{option}` names; \
                 `chmod o= FILE` changes that"
            ));
        }
    }
    let mut text = String::new();
    if file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)? as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other("it is longer than 256 KiB, so it is not a list of tokens"));
    }
    Ok(text)
}

/// A token that is known, and whose it is.
struct Token {
    digest: [u8; 32],
    actor: Actor,
}

impl Token {
    /// Reads a line: `TOKEN` or `NAME:TOKEN`. Without a name, the name is the role.
    fn parse(line: &str, role: &'static str) -> Result<Self, String> {
        let (name, token) = line.rsplit_once(':').unwrap_or((role, line));
        let token = token.trim();
        if let Some(rule) = broken_rule(token) {
            return Err(rule);
        }
        let actor = Actor::new(name.trim()).map_err(|rule| format!("the name {rule}"))?;
        Ok(Self { digest: digest(token.as_bytes()), actor: actor.with_roles([role]) })
    }
}

/// Without the digest.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&self.actor).finish()
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The rule that a text breaks if it is not a token.
fn broken_rule(token: &str) -> Option<String> {
    // What can be in the field `Authorization` (RFC 6750 §2.1).
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    if !token.trim_end_matches('=').bytes().all(is_part) {
        let rule = "a token must consist of ASCII letters, digits and `-._~+/`, with `=` at its end \
                    only";
        return Some(rule.to_owned());
    }
    if !(MIN_LENGTH..=MAX_LENGTH).contains(&token.len()) {
        return Some(format!(
            "a token must have {MIN_LENGTH} to {MAX_LENGTH} characters; `openssl rand -hex 32` makes \
             a good one"
        ));
    }
    None
}

/// All tokens that a server knows.
#[derive(Debug)]
pub(super) struct Tokens {
    known: Vec<Token>,
    /// Stands for everyone whose token is not known.
    unknown: Actor,
}

impl Tokens {
    /// Reads the tokens for writes and for reads. No token may be there twice.
    pub(super) fn read(
        writers: Option<Source>,
        readers: Option<Source>,
    ) -> Result<Self, AccessError> {
        let mut known: Vec<Token> = Vec::new();
        for (source, role) in [(writers, WRITER), (readers, READER)] {
            let Some(source) = source else { continue };
            for token in source.tokens(role)? {
                if known.iter().any(|other| other.digest == token.digest) {
                    return Err(AccessError::Repeated { origin: source.name });
                }
                known.push(token);
            }
        }
        let unknown = Actor::new(UNKNOWN).map_err(AccessError::Unknown)?.with_roles([UNKNOWN]);
        Ok(Self { known, unknown })
    }

    /// The actor of a request with these `Authorization` fields: the owner of its token, or the one who
    /// stands for all unknown tokens. `None` if there is no field, or one for another kind of sign-in,
    /// which a proxy may have checked.
    pub(super) fn actor<'a>(&self, mut fields: impl Iterator<Item = &'a [u8]>) -> Option<Actor> {
        let token = bearer(fields.next()?)?;
        let actor = if fields.next().is_some() { None } else { self.owner(token) };
        Some(actor.unwrap_or(&self.unknown).clone())
    }

    /// The owner of a token. All digests are compared, and each comparison takes the same time.
    pub(super) fn owner(&self, token: &[u8]) -> Option<&Actor> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let digest = digest(token);
        self.known.iter().fold(None, |owner, known| {
            let is_same = bool::from(known.digest.ct_eq(&digest));
            if is_same { Some(&known.actor) } else { owner }
        })
    }
}

/// The token of an `Authorization` field (RFC 6750 §2.1). `None` if the field has another scheme.
fn bearer(field: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer";

    let (scheme, rest) = field.split_at_checked(SCHEME.len())?;
    let is_bearer =
        scheme.eq_ignore_ascii_case(SCHEME) && matches!(rest.first(), None | Some(b' '));
    is_bearer.then(|| rest.trim_ascii())
}
