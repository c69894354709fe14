//! The index of a catalogue while packages are written.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::bits::Bits;
use super::segment::Segment;
use crate::catalogue::packing::Change;
use crate::catalogue::tree::Tree;
use crate::package::NormalizedName;

/// What a catalogue has for searches: the segments, if they are built, and the packages that were
/// written since.
///
/// A segment is exact for every package that was not written since it was built. The packages that
/// were written since are left out of its results, and searched by their texts. So a search is exact
/// at every moment.
#[derive(Clone, Default)]
pub(in crate::catalogue) struct Live {
    segments: Option<Arc<Segments>>,
    /// The number of the last edit. An edit changes some packages.
    edit: u64,
    /// The last edit before `written` began. `None` if nothing is recorded.
    recorded_since: Option<u64>,
    written: RedBlackTreeMapSync<Box<str>, Written>,
}

/// The segments of an index.
pub(in crate::catalogue) struct Segments {
    base: Arc<Segment>,
    recent: Option<Recent>,
    /// The last edit that the segments know.
    edit: u64,
}

/// The segment of the packages that were written since the first segment was built.
#[derive(Default)]
struct Recent {
    segment: Segment,
    /// The packages of the first segment that were written since.
    replaced: Bits,
}

/// A package that was written since the segments were built.
#[derive(Clone, Copy, Debug)]
struct Written {
    edit: u64,
    /// Its place in each segment that has an old version of it.
    base: Option<u32>,
    recent: Option<u32>,
}

/// Up to this number of packages, a search looks at all texts, and there is no index. This takes a
/// fraction of a millisecond.
pub(in crate::catalogue) const SMALL: usize = 1_000;
/// If more packages than this were written since the segments were built, it is time for new ones.
const STALE: usize = 500;
/// If more packages than this were written, the index is given up until it is built again.
const MAX_WRITTEN: usize = 20_000;

impl Live {
    pub(super) fn segments(&self) -> Option<&Segments> {
        self.segments.as_deref()
    }

    /// The packages that were written since the segments were built.
    fn written(&self) -> impl Iterator<Item = (&str, &Written)> {
        self.written.iter().map(|(name, written)| (&**name, written))
    }

    /// The size of the segments in memory, in bytes, if they are built.
    pub(in crate::catalogue) fn size(&self) -> Option<usize> {
        let segments = self.segments()?;
        let recent = segments.recent.as_ref();
        let recent = recent.map_or(0, |recent| recent.segment.size() + recent.replaced.size());
        Some(segments.base.size() + recent)
    }

    /// The names of these packages, in order.
    pub(super) fn written_names(&self) -> impl Iterator<Item = &str> {
        self.written.keys().map(|name| &**name)
    }

    /// Whether the segments may have a package whose name has this hash, or one with a rank if
    /// `is_ranked`. False positives are possible. True if there are no segments.
    #[inline]
    pub(super) fn may_have(&self, hash: u64, is_ranked: bool) -> bool {
        let Some(segments) = &self.segments else { return true };
        let in_recent = |recent: &Recent| recent.segment.may_have(hash, is_ranked);
        segments.base.may_have(hash, is_ranked) || segments.recent.as_ref().is_some_and(in_recent)
    }

    /// About how many packages a search looks at one by one, if the catalogue has `all`.
    pub(in crate::catalogue) fn unknown(&self, all: usize) -> usize {
        self.segments.as_ref().map_or(all, |_| self.written.size())
    }

    /// Records that these packages are changed.
    pub(in crate::catalogue) fn record(&mut self, changes: &[Change<'_>]) {
        self.edit += 1;
        if self.recorded_since.is_none() {
            return;
        }
        if self.written.size() + changes.len() > MAX_WRITTEN {
            let recorded_since = Some(self.edit);
            *self = Self { edit: self.edit, recorded_since, ..Self::default() };
            return;
        }
        for change in changes {
            let written = Written::new(self.segments(), change.name, self.edit);
            self.written.insert_mut(change.name.into(), written);
        }
    }

    /// Begins to record which packages are written, if it is not recorded yet.
    pub(in crate::catalogue) fn begin(&mut self) {
        self.recorded_since.get_or_insert(self.edit);
    }

    /// Whether new segments should be built for a catalogue with `len` packages.
    pub(in crate::catalogue) fn is_due(&self, len: usize) -> bool {
        match &self.segments {
            None => len > SMALL,
            Some(_) => self.written.size() > STALE,
        }
    }

    /// Builds segments that know all packages of the tree.
    pub(in crate::catalogue) fn build(&self, tree: &Tree) -> Segments {
        match &self.segments {
            Some(segments) if !self.is_much(segments) => {
                let (base, recent) = (Arc::clone(&segments.base), Some(self.build_recent(tree)));
                Segments { base, recent, edit: self.edit }
            }
            _ => {
                let base = Arc::new(Segment::build(tree.clone()));
                Segments { base, recent: None, edit: self.edit }
            }
        }
    }

    /// Whether so many packages were written since the first segment was built that it should be
    /// built again.
    fn is_much(&self, segments: &Segments) -> bool {
        let recent = segments.recent.as_ref().map_or(0, |recent| recent.segment.len());
        recent + self.written.size() > MAX_WRITTEN.max(segments.base.len() / 16)
    }

    fn build_recent(&self, tree: &Tree) -> Recent {
        let Some(segments) = &self.segments else { return Recent::default() };
        let mut replaced = Bits::none(segments.base.len());
        let mut names = Vec::new();
        if let Some(recent) = &segments.recent {
            replaced.union(&recent.replaced);
            let old = (0..recent.segment.len()).map(|package| recent.segment.name(package as u32));
            names.extend(old.filter(|name| !self.written.contains_key(name.as_str())));
        }
        for (name, written) in self.written() {
            written.base.into_iter().for_each(|package| replaced.add(package));
            names.push(NormalizedName::from_normal(name));
        }
        names.sort_unstable();
        let packages = names.iter().filter_map(|name| {
            let stored = tree.get(name.as_str())?;
            Some((name, stored.package(), stored.revision()))
        });
        let packages: Vec<_> = packages.collect();
        let changes = packages.iter().map(|(name, package, revision)| Change {
            name: name.as_str(),
            package: Some((package, *revision)),
        });
        let own = Tree::empty().edit(&changes.collect::<Vec<_>>());
        Recent { segment: Segment::build(own), replaced }
    }

    /// Takes new segments, if everything that was written after them is recorded here. Returns
    /// whether it has them now.
    pub(in crate::catalogue) fn install(&mut self, segments: &Arc<Segments>) -> bool {
        if self.recorded_since.is_none_or(|since| since > segments.edit) {
            return false;
        }
        if self.segments.as_ref().is_some_and(|own| own.edit >= segments.edit) {
            return true;
        }
        let since = self.written.iter().filter(|(_, written)| written.edit > segments.edit);
        let renewed = since.map(|(name, written)| {
            (name.clone(), Written::new(Some(segments), name, written.edit))
        });
        self.written = renewed.collect();
        self.recorded_since = Some(segments.edit);
        self.segments = Some(Arc::clone(segments));
        true
    }
}

impl Written {
    fn new(segments: Option<&Segments>, name: &str, edit: u64) -> Self {
        let place = |segment: &Segment| segment.tree().rank(name).ok().map(|at| at as u32);
        let base = segments.and_then(|segments| place(&segments.base));
        let recent = segments.and_then(|segments| segments.recent.as_ref());
        Self { edit, base, recent: recent.and_then(|recent| place(&recent.segment)) }
    }
}

impl Segments {
    /// Each segment with those of its packages that are not in `live` as the segment has them.
    pub(super) fn all(&self, live: &Live) -> Vec<(&Segment, Bits)> {
        // Mostly nothing is gone, and the default set is empty.
        let mut gone = self.recent.as_ref().map_or_else(Bits::default, |it| it.replaced.clone());
        for place in live.written().filter_map(|(_, written)| written.base) {
            gone.add_within(place, self.base.len());
        }
        let Some(recent) = &self.recent else { return vec![(&*self.base, gone)] };
        let mut gone_of_recent = Bits::default();
        for place in live.written().filter_map(|(_, written)| written.recent) {
            gone_of_recent.add_within(place, recent.segment.len());
        }
        vec![(&*self.base, gone), (&recent.segment, gone_of_recent)]
    }
}
