//! The person who looks at a page.

/// Who looks at a page, and what the guard of the host allows them.
#[derive(Debug, Default)]
pub(crate) struct Viewer {
    /// The name of the actor, if the host knows it.
    pub(crate) actor: Option<Box<str>>,
    /// The names of the operations that they may carry out.
    pub(crate) may: Vec<&'static str>,
    /// The host's page for signing in and out.
    pub(crate) sign_in: Option<Box<str>>,
}

impl Viewer {
    /// True if the guard allows the operation of this name.
    pub(crate) fn may(&self, operation: &str) -> bool {
        self.may.contains(&operation)
    }
}
