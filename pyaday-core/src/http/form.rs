//! How a problem is shown.

use super::facts::{Blueprint, Facts};

/// How the response shows a problem: to a program or to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Form {
    /// A problem details object.
    #[default]
    Details,
    /// A page of the desk.
    #[cfg(feature = "desk")]
    Page {
        /// The number of segments in the path of the page below the path of the desk.
        depth: u8,
    },
}

impl Form {
    /// The form for the problems of an operation.
    pub(crate) const fn of(facts: &Facts) -> Self {
        match facts.blueprint {
            #[cfg(feature = "desk")]
            Blueprint::Desk => Self::Page { depth: super::path::depth(facts.path) },
            Blueprint::Packages
            | Blueprint::Rand
            | Blueprint::Daily
            | Blueprint::Changes
            | Blueprint::Transfer
            | Blueprint::OpenApi => Self::Details,
        }
    }
}
