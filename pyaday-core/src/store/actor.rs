//! Who makes a request.

use std::sync::Arc;

use crate::package::{InvalidValue, check_line};

/// Who makes a request, as the host knows it: a name, and roles if the host has any.
///
/// The sign-in of a host puts an actor into the extensions of each request that has one. The
/// catalogue passes it to the [guard](crate::Options::guard), and to the store with each write. The
/// catalogue does not interpret the name or the roles.
///
/// A clone shares both, so it costs no allocation.
///
/// ```
/// use pyaday_core::Actor;
///
/// let ada = Actor::new("ada@example.org")?.with_roles(["curator"]);
/// assert_eq!(ada.name(), "ada@example.org");
/// assert!(ada.has_role("curator"));
///
/// let error = Actor::new("two\nlines").unwrap_err();
/// assert_eq!(error.to_string(), "must not contain control characters or line breaks");
/// # Ok::<(), pyaday_core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    shared: Arc<Shared>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Shared {
    name: Box<str>,
    roles: Vec<String>,
}

impl Actor {
    /// The maximum length of a name, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Makes an actor without roles. `name` is what identifies the actor to people, such as a user
    /// name or an e-mail address.
    ///
    /// # Errors
    /// The name is empty, has more than 255 bytes, or contains control characters, line breaks or
    /// bidirectional overrides.
    pub fn new(name: &str) -> Result<Self, InvalidValue> {
        if name.is_empty() {
            return Err(InvalidValue::new("must not be empty"));
        }
        if name.len() > Self::MAX_BYTES {
            let limit = Self::MAX_BYTES;
            return Err(InvalidValue::new(format!("must be at most {limit} bytes long")));
        }
        check_line(name)?;
        Ok(Self { shared: Arc::new(Shared { name: name.into(), roles: Vec::new() }) })
    }

    /// Adds roles. The guard of the host decides what a role allows.
    #[must_use]
    pub fn with_roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        Arc::make_mut(&mut self.shared).roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The roles, in the order in which they were added.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.shared.roles
    }

    /// True if the actor has this role. Roles are compared exactly, byte by byte.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().iter().any(|own| own == role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_is_refused_with_the_rule_that_it_breaks() {
        let long = "a".repeat(256);
        for (name, rule) in [
            ("", "must not be empty"),
            (&*long, "must be at most 255 bytes long"),
            ("a\0", "must not contain control characters or line breaks"),
            ("a\u{85}", "must not contain control characters or line breaks"),
            ("a\u{2028}", "must not contain control characters or line breaks"),
            ("a\u{202e}", "must not contain bidirectional overrides"),
        ] {
            let error = Actor::new(name).map_err(|error| error.to_string());
            assert_eq!(error, Err(rule.to_owned()), "{name:?}");
        }
        assert!(Actor::new(&long[1..]).is_ok_and(|it| it.name().len() == Actor::MAX_BYTES));
        assert!(Actor::new("Ада Лавлейс").is_ok());
    }

    #[test]
    fn roles_are_compared_exactly() {
        let Ok(ada) = Actor::new("ada") else { panic!("a good name") };
        let curator = ada.clone().with_roles(["curator"]).with_roles(["reader".to_owned()]);
        assert_eq!(curator.roles(), ["curator", "reader"]);
        assert!(curator.has_role("reader"));
        assert!(!curator.has_role("Reader") && !curator.has_role("read"));
        // A clone that was made before has no roles.
        assert!(ada.roles().is_empty());
    }
}
