//! What of a package is searched.

use super::facets::Facets;
use super::fold::{self, SPACE};
use super::score::{self, Parts, Place, Relation, Score};
use super::terms::{Search, Spelled, Word};
use crate::package::{Package, description, normal_form, spelling};

/// The texts of a package that are searched, folded. The buffers are used again for the next
/// package.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The normalised name.
    name: String,
    /// The words of the name.
    name_words: Vec<u8>,
    /// The words of the tags and import names.
    labels: Vec<u8>,
    /// The words of the description and the keywords. The description and each keyword are a part.
    text: Vec<u8>,
    popularity: u8,
}

impl Document {
    /// Reads a version of a package as a store keeps it.
    pub(crate) fn read(&mut self, version: &[u8], facets: Facets<'_>) -> &Self {
        self.name.clear();
        self.name.push_str(&normal_form(spelling(version)));
        self.text.clear();
        fold::push_words(&description(version), &mut self.text);
        self.fill(facets);
        self
    }

    /// Whether a search may find a version of a package. It may be wrong if it returns true.
    ///
    /// This takes a fraction of the time that it takes to read the version. The version is JSON, but no
    /// letter and no digit of ASCII is escaped there. So if it is all ASCII, it contains each word of its
    /// texts as it is, but for the case. The facets are folded already.
    pub(crate) fn may_match(
        &mut self,
        search: &Search,
        version: &[u8],
        facets: Facets<'_>,
    ) -> bool {
        if !version.is_ascii() {
            return true;
        }
        self.text.clear();
        self.text.extend_from_slice(version);
        self.text.make_ascii_lowercase();
        search.terms().iter().all(|word| {
            let word = word.anywhere();
            word.find(&self.text).is_some() || facets.contain(word)
        })
    }

    /// Reads a package.
    pub(crate) fn of(package: &Package) -> Self {
        let mut document = Self::default();
        document.name.push_str(package.name.normalized().as_str());
        fold::push_words(package.details.short_desc.as_str(), &mut document.text);
        let mut facets = Vec::new();
        Facets::push(&package.details, &mut facets);
        document.fill(Facets::new(&facets));
        document
    }

    /// Fills the rest from the facets, after the name and the description.
    fn fill(&mut self, facets: Facets<'_>) {
        self.name_words.clear();
        fold::push_words(&self.name, &mut self.name_words);
        self.labels.clear();
        facets.push_labels(&mut self.labels);
        facets.push_keywords(&mut self.text);
        self.popularity = facets.popularity();
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn name_words(&self) -> &[u8] {
        &self.name_words
    }

    pub(crate) fn labels(&self) -> &[u8] {
        &self.labels
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn popularity(&self) -> u8 {
        self.popularity
    }

    /// The length of the name without separators.
    pub(crate) fn name_length(&self) -> usize {
        self.name.bytes().filter(|byte| *byte != b'-').count()
    }

    /// The score in a search. `None` if the package is not found.
    pub(crate) fn score(&self, search: &Search) -> Option<Score> {
        let mut fifths = 0;
        for word in search.terms() {
            fifths += u64::from(self.place(word)?.fifths());
        }
        let spelled = search.spelled();
        let phrase = search.phrase().filter(|_| self.popularity > 0);
        let parts = Parts {
            average: score::average(fifths, search.terms().len() as u64),
            coverage: score::coverage(spelled.length, self.name_length()),
            begins: spelled.begins(&self.name),
            has_phrase: phrase.is_some_and(|phrase| phrase.find(&self.text).is_some()),
            popularity: self.popularity,
        };
        Some(parts.score(self.relation(spelled)))
    }

    fn relation(&self, spelled: &Spelled) -> Relation {
        match &self.name {
            name if *name == spelled.hyphenated => Relation::Same,
            name if *name == spelled.joined => Relation::Joined,
            name if spelled.affixed.contains(name) => Relation::Affixed,
            _ => Relation::Other,
        }
    }

    /// The best place where a word is found.
    fn place(&self, word: &Word) -> Option<Place> {
        let in_name = self.place_in_name(word);
        if in_name == Some(Place::Name) {
            return in_name;
        }
        let in_labels = place_in(word, &self.labels, Place::Label);
        let in_text = place_in(word, &self.text, Place::Text);
        in_name.max(in_labels).max(in_text)
    }

    fn place_in_name(&self, word: &Word) -> Option<Place> {
        let hits = word.anywhere().find_iter(&self.name_words);
        let place = |at: usize| {
            let is_first = self.name_words[at - 1] == SPACE;
            let is_last = self.name_words[at + word.text().len()] == SPACE;
            match (is_first, is_last) {
                (true, true) => Some(Place::Name),
                (true, false) if at == 1 || !word.is_short() => Some(Place::NameBeginning),
                _ if word.is_short() => None,
                _ => Some(Place::InsideName),
            }
        };
        hits.map(place).max().flatten()
    }
}

/// The best place where a word is found in a folded text: `whole` if it is a word there.
fn place_in(word: &Word, text: &[u8], whole: Place) -> Option<Place> {
    let place = |at: usize| match text[at + 1 + word.text().len()] == SPACE {
        true => Some(whole),
        false => Some(Place::Beginning).filter(|_| !word.is_short()),
    };
    word.beginning().find_iter(text).map(place).max().flatten()
}

impl Search {
    /// The score of a package in this search. `None` if the package is not found.
    #[must_use]
    pub fn score(&self, package: &Package) -> Option<Score> {
        Document::of(package).score(self).filter(|_| !self.is_empty())
    }
}
