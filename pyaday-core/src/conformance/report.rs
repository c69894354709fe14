//! The report of the suite: the facts that hold, the facts that were skipped, and the fact that
//! does not hold.

use std::fmt;

use super::bench::Fault;

/// Why a subject cannot open its stores again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store cannot be opened again: {why}")]
pub struct CannotReopen {
    why: String,
}

impl CannotReopen {
    /// Makes the error with a reason, which the report shows.
    #[must_use]
    pub fn because(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

/// Why a fact was not checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The fact is about stores that are opened again.
    #[error(transparent)]
    CannotReopen(#[from] CannotReopen),
    /// The fact is about stores that keep a history.
    #[error("the store keeps no history")]
    NoHistory,
}

/// The result of checking a fact, if no fault was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a fact that was skipped was not checked"]
pub enum FactStatus {
    /// The fact holds.
    Holds,
    /// The fact was not checked.
    Skipped(Reason),
}

/// The facts that hold and the facts that were skipped.
#[derive(Clone, Debug, Default)]
pub struct Report {
    held: Vec<&'static str>,
    skipped: Vec<Skipped>,
}

/// A fact that was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The name of the fact.
    pub fact: &'static str,
    /// Why it was not checked.
    pub why: Reason,
}

impl Report {
    pub(super) fn add(&mut self, fact: &'static str, verdict: FactStatus) {
        match verdict {
            FactStatus::Holds => self.held.push(fact),
            FactStatus::Skipped(why) => self.skipped.push(Skipped { fact, why }),
        }
    }

    /// The names of the facts that hold.
    #[must_use]
    pub fn held(&self) -> &[&'static str] {
        &self.held
    }

    /// The facts that were not checked.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Asserts that every fact was checked. The test of a store that saves its packages should call
    /// this.
    ///
    /// # Panics
    /// Panics if facts were skipped. The message is the report.
    #[track_caller]
    pub fn assert_complete(&self) {
        assert!(self.skipped.is_empty(), "{self}");
    }

    /// Asserts that the store keeps no history, and that every other fact was checked.
    ///
    /// # Panics
    /// Panics if other facts were skipped, or if the facts about the history were not. The message is
    /// the report.
    #[track_caller]
    pub fn assert_complete_without_history(&self) {
        let are_of_history = self.skipped.iter().all(|skipped| skipped.why == Reason::NoHistory);
        assert!(are_of_history && !self.skipped.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} facts hold, {} were skipped", self.held.len(), self.skipped.len())?;
        for Skipped { fact, why } in &self.skipped {
            write!(f, "\n    skipped: {fact} ({why})")?;
        }
        Ok(())
    }
}

/// A fact that does not hold, and the case in which it failed.
#[derive(Clone, Debug)]
pub struct Broken {
    pub(super) fact: &'static str,
    pub(super) fault: Fault,
}

impl Broken {
    /// The name of the fact.
    #[must_use]
    pub fn fact(&self) -> &'static str {
        self.fact
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { done, expected, came } = &self.fault;
        writeln!(f, "{}: this does not hold", self.fact)?;
        writeln!(f, "    done:     {done}")?;
        writeln!(f, "    expected: {expected}")?;
        write!(f, "    came:     {came}")
    }
}

impl std::error::Error for Broken {}
