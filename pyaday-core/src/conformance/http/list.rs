//! Reads the list.
//!
//! A scenario begins at a heading `## …` with a catalogue of three packages. A line `With: …` says
//! how the host has set it up, if not by default. With a line `Needs: a history`, stores that keep no
//! history are left out. Lines with `>` are a request: its method and
//! target, its fields, an empty line, and its body. The prefix of the mount comes before the target,
//! or replaces `{mount}` in it. Lines with `<` are the response: its status, its fields except those
//! that every response has (`x-content-type-options: nosniff`, and `content-length` if it is the
//! length of the body), an empty line, and its body. In a page of HTML, a line ends between two tags. All
//! other lines are prose.
//!
//! A revision is counted from 1 and is in braces: `/changes/{4}`. `\xFF` is a byte, `{3*a}` is `aaa`, `{mount}` the prefix, and `(the store's)` a UUID that is made
//! of the store's identity. Entity tags are counted from 1.

use std::fmt::Write as _;
use std::num::NonZeroUsize;

use super::client::Request;
use super::set_up::{SetUp, three_packages};
use super::{Mounted, text};
use crate::conformance::block_on;
use crate::history::{ChangeQuery, NoHistory, Past};
use crate::store::PackageStore;

/// The files of the list.
const FILES: &[&str] = &[
    include_str!("golden/1-packages.http"),
    include_str!("golden/2-rand.http"),
    include_str!("golden/3-names.http"),
    include_str!("golden/4-bodies.http"),
    include_str!("golden/5-list.http"),
    include_str!("golden/6-conditions.http"),
    include_str!("golden/7-patch.http"),
    include_str!("golden/8-failures.http"),
    include_str!("golden/9-access.http"),
    include_str!("golden/9-bulk.http"),
    include_str!("golden/9-changes.http"),
    include_str!("golden/9-daily.http"),
    // The pages link to the import.
    #[cfg(all(feature = "desk", feature = "import"))]
    include_str!("golden/9-desk.http"),
    include_str!("golden/9-export.http"),
    #[cfg(feature = "import")]
    include_str!("golden/9-import.http"),
    include_str!("golden/9-links.http"),
    include_str!("golden/9-openapi.http"),
    include_str!("golden/9-pins.http"),
];

/// A sequence of requests to one catalogue, which begins with three packages.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scenario {
    /// What the scenario shows.
    pub title: String,
    /// The name of its [`SetUp`], which may be empty.
    pub set_up: String,
    /// True if it needs a store that keeps a history.
    pub needs_history: bool,
    /// The requests, in their order.
    pub exchanges: Vec<Exchange>,
}

/// A request and its response, in the form of the list.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exchange {
    /// The request. Each line begins with `>`.
    pub request: String,
    /// The response. Each line begins with `<`.
    pub response: String,
}

impl Exchange {
    /// The request, to a catalogue that clients find below `mount`.
    #[must_use]
    pub fn request(&self, mount: &str) -> Request {
        text::parse(&self.request, mount)
    }
}

/// All scenarios of the list.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    FILES.iter().flat_map(|file| read(file)).collect()
}

fn read(text: &str) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut last = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let (title, set_up) = (title.to_owned(), String::new());
            let (needs_history, exchanges) = (false, Vec::new());
            scenarios.push(Scenario { title, set_up, needs_history, exchanges });
        }
        let Some(scenario) = scenarios.last_mut() else { continue };
        let Scenario { exchanges, set_up, needs_history, .. } = scenario;
        if let Some(with) = line.strip_prefix("With: ") {
            *set_up = with.to_owned();
        } else if line == "Needs: a history" {
            *needs_history = true;
        } else if line.starts_with('>') {
            if !last.starts_with('>') {
                exchanges.push(Exchange::default());
            }
            writeln!(exchanges.last_mut().unwrap().request, "{line}").unwrap();
        } else if line.starts_with('<') {
            writeln!(exchanges.last_mut().unwrap().response, "{line}").unwrap();
        }
        last = line;
    }
    scenarios
}

impl Scenario {
    /// The responses that differ from those of the scenario, in the form of the list. `prefix` is one
    /// of the [`PREFIXES`](super::PREFIXES).
    pub fn differences<M: Mounted, S: PackageStore>(
        &self,
        store: S,
        (prefix, mount): (&str, &str),
    ) -> String {
        if self.needs_history && !keeps_history(&store) {
            return String::new();
        }
        let set_up = SetUp::named(&self.set_up);
        let mounted = M::mount(prefix, &three_packages(store, set_up.options), set_up.actor);
        let mut differences = String::new();
        for exchange in &self.exchanges {
            let actual = text::show(&mounted.answer(&exchange.request(mount)), mount);
            let Exchange { request, response } = exchange;
            if actual != *response {
                let (name, title) = (std::any::type_name::<M>(), &self.title);
                writeln!(
                    differences,
                    "\n## {title} ({name}, mounted at {prefix:?})\n{request}--- expected\n{response}--- actual\n{actual}"
                )
                .unwrap();
            }
        }
        differences
    }
}

fn keeps_history<S: PackageStore>(store: &S) -> bool {
    let query = ChangeQuery::new(NonZeroUsize::MIN);
    block_on(store.changes(&query)).unwrap() != Past::Unknown(NoHistory::NotKept)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance/http/golden");
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let texts: Vec<_> = files.map(|file| fs::read_to_string(file).unwrap()).collect();
        let left_out =
            [cfg!(not(all(feature = "desk", feature = "import"))), cfg!(not(feature = "import"))];
        let left_out = left_out.into_iter().filter(|is_left_out| *is_left_out).count();
        assert_eq!(texts.len(), FILES.len() + left_out);
        assert_eq!(texts.iter().filter(|text| FILES.contains(&&***text)).count(), FILES.len());
    }
}
