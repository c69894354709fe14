//! The error type of a single value.

use std::borrow::Cow;

/// A value that breaks the rule of its field. The message states the rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(Cow<'static, str>);

impl InvalidValue {
    pub(crate) fn new(rule: impl Into<Cow<'static, str>>) -> Self {
        Self(rule.into())
    }

    pub(crate) fn into_rule(self) -> Cow<'static, str> {
        self.0
    }
}
