//! Tests of the tree inside a catalogue. The conformance suite tests the results of a catalogue's
//! methods.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use rpds::RedBlackTreeMap;

use super::snapshot::Catalogue;
use crate::daily::{Daily, Date, Opening, Pick, Pin, Pinned, Unpin};
use crate::history::ChangeKind;
use crate::package::{Details, Metadata, NormalizedName, Package, Revision, Stored, Tag, Tags};
use crate::store::{Batch, Batched, Query, Replacement, Write as Terms};

/// An operation on a catalogue. Numbers stand for names.
#[derive(Clone, Debug)]
enum Write {
    Create(Vec<u16>),
    CreateOne(u16),
    Update(u16, u16),
    DeleteFrom(u16, u16),
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let number = || 0..3_000_u16;
    prop::collection::vec(
        prop_oneof![
            2 => prop::collection::vec(number(), 0..700).prop_map(Write::Create),
            2 => number().prop_map(Write::CreateOne),
            2 => (number(), 0..16_000_u16).prop_map(|(name, size)| Write::Update(name, size)),
            1 => (number(), 0..500_u16).prop_map(|(from, count)| Write::DeleteFrom(from, count)),
        ],
        1..30,
    )
}

fn package(number: u16) -> Package {
    // The names are long and short. Some differ only after their first sixteen bytes.
    let name = match number % 3 {
        0 => format!("p{number}"),
        1 => format!("a-name-with-the-same-beginning-{number}"),
        _ => format!("{number}-{}", "x".repeat(usize::from(number % 200) + 1)),
    };
    Package::new(&name, "A description").expect("a package")
}

/// Metadata of about this many bytes.
fn metadata(size: usize) -> Metadata {
    let members = [("description".to_owned(), "x".repeat(size).into())];
    serde_json::Map::from_iter(members).try_into().expect("metadata")
}

fn keywords(text: String) -> Metadata {
    serde_json::Map::from_iter([("keywords".to_owned(), text.into())]).try_into().expect("metadata")
}

/// The versions, keyed by name. A clone of the map copies nothing.
type Model = RedBlackTreeMap<String, Stored>;

fn write(catalogue: &mut Catalogue, model: &mut Model, write: &Write) {
    match write {
        Write::CreateOne(number) => {
            drop(catalogue.create(&package(*number), &Terms::new()));
            add(catalogue, model, &[*number]);
        }
        Write::Create(numbers) => {
            drop(catalogue.create_many(
                &numbers.iter().copied().map(package).collect::<Vec<_>>(),
                &Terms::new(),
            ));
            add(catalogue, model, numbers);
        }
        Write::Update(number, size) => {
            let name = package(*number).name.normalized();
            let mut details = package(*number).details;
            details.metadata = metadata(usize::from(*size));
            drop(catalogue.update(&name, Replacement::new(details), &Terms::new()));
            if model.contains_key(name.as_str()) {
                add(catalogue, model, &[*number]);
            }
        }
        Write::DeleteFrom(from, count) => {
            for number in *from..from + count {
                let name = package(number).name.normalized();
                drop(catalogue.delete(&name, &Terms::new()));
                model.remove_mut(name.as_str());
            }
        }
    }
}

/// Records in the model what the catalogue returns for these packages.
fn add(catalogue: &Catalogue, model: &mut Model, numbers: &[u16]) {
    for number in numbers {
        let name = package(*number).name.normalized();
        let stored = catalogue.get(&name).expect("it was written");
        model.insert_mut(name.as_str().to_owned(), stored);
    }
}

fn assert_same(catalogue: &Catalogue, model: &Model) {
    catalogue.tree.check();
    assert_eq!(catalogue.len(), model.size());
    let all = catalogue.list(&Query::new(NonZeroUsize::MAX)).items;
    assert!(all.iter().eq(model.values()), "the packages are not those that were written");
    for (rank, stored) in all.iter().enumerate() {
        assert_eq!(catalogue.tree.nth(rank), *stored);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// The tree stays sorted, balanced and filled, and a write does not change an older clone.
    #[test]
    fn a_tree_is_in_order_after_any_writes_and_its_clones_stay(writes in writes()) {
        let mut catalogue = Catalogue::new(Revision::new(0));
        let mut model = Model::new();
        let mut clones = Vec::new();
        for write in &writes {
            self::write(&mut catalogue, &mut model, write);
            clones.push((catalogue.clone(), model.clone()));
        }
        // The check of a clone proves both: its write left it in order, and later writes did not
        // change it.
        for (catalogue, model) in &clones {
            assert_same(catalogue, model);
        }
    }
}

#[test]
fn a_tree_grows_and_shrinks_one_by_one_through_every_size() {
    let mut catalogue = Catalogue::new(Revision::new(0));
    let mut model = Model::new();
    for number in 0..250 {
        write(&mut catalogue, &mut model, &Write::CreateOne(number));
        catalogue.tree.check();
    }
    assert_same(&catalogue, &model);
    for number in (0..250).rev() {
        write(&mut catalogue, &mut model, &Write::DeleteFrom(number, 1));
        catalogue.tree.check();
    }
    assert!(catalogue.is_empty() && model.is_empty());
}

/// The nodes below the root lose their leaves from left to right, so each of them is merged with the
/// next one.
#[test]
fn a_tree_of_two_levels_shrinks_in_the_order_of_names() {
    let mut catalogue = with_packages(4_000);
    let mut names: Vec<_> = (0..4_000).map(name_of).collect();
    names.sort();
    for some in names.chunks(200) {
        for name in some {
            drop(catalogue.delete(name, &Terms::new()));
        }
        catalogue.tree.check();
    }
    assert!(catalogue.is_empty());
}

/// These sizes are around those at which leaves and nodes are full.
#[test]
fn a_batch_of_any_size_makes_a_tree_in_order() {
    for count in [0, 1, 31, 32, 33, 64, 65, 512, 513, 1024, 2048, 2049, 10_000] {
        let packages: Vec<_> = (0..count).rev().map(package).collect();
        let mut catalogue = Catalogue::new(Revision::new(0));
        catalogue.create_many(&packages, &Terms::new());
        assert_eq!(catalogue.len(), usize::from(count));
        catalogue.tree.check();
    }
}

/// A package that is too heavy to share a leaf gets its own leaf, also between others. The heaviest
/// possible package gets one too.
#[test]
fn a_batch_of_very_many_packages_is_one_change() {
    let name = |number: usize| format!("package-{number:06}").parse::<NormalizedName>().unwrap();
    let package = |number| Package::new(name(number).as_str(), "").unwrap();
    let all =
        |batch: Batch, step| (0..80_000).step_by(step).map(package).fold(batch, Batch::create);
    let mut catalogue = Catalogue::new(Revision::new(0));
    let batch = || Batch::new(ChangeKind::Import);

    let few = all(batch(), 4);
    let Batched::Written(first) = catalogue.write_batch(&few, &Terms::new()) else { panic!() };
    catalogue.tree.check();
    assert_eq!((catalogue.len(), catalogue.revision()), (20_000, first));
    // Nothing of it is written if one of the packages exists.
    let conflict = catalogue.write_batch(&all(batch(), 1), &Terms::new());
    let Batched::Conflict(conflict) = conflict else { panic!() };
    assert_eq!((conflict.packages.len(), catalogue.len()), (20_000, 20_000));

    let others = (0..80_000).filter(|number| number % 4 > 0).map(package);
    let others = others.fold(batch(), Batch::create);
    let Batched::Written(second) = catalogue.write_batch(&others, &Terms::new()) else { panic!() };
    catalogue.tree.check();
    assert_eq!((catalogue.len(), catalogue.revision()), (80_000, second));
    for number in (0..80_000).step_by(997) {
        let revision = if number % 4 == 0 { first } else { second };
        let found = catalogue.get(&name(number)).map(|stored| stored.revision());
        assert_eq!(found, Some(revision), "{number}");
    }
}

#[test]
fn a_package_of_any_weight_is_found_among_others() {
    let tags = (0..32).map(|number| format!("{number:040}").parse().expect("a tag"));
    let tags: BTreeSet<Tag> = tags.collect();
    let tags: Tags = tags.try_into().expect("tags");
    // Keywords that take more bytes when they are folded, or separately, and no keywords.
    for metadata in [
        metadata(16_000),
        keywords("\u{587}".repeat(8_000)),
        keywords("\u{ac01}".repeat(5_400)),
        keywords("a,".repeat(8_000)),
    ] {
        let heaviest = Package {
            name: format!("p5{}", "x".repeat(253)).parse().expect("a name"),
            details: Details::new("\u{10ffff}".repeat(512).parse().expect("a description"))
                .with_tags(tags.clone())
                .with_metadata(metadata),
        };
        is_found_among_others(&heaviest);
    }
}

fn is_found_among_others(heaviest: &Package) {
    let mut catalogue = Catalogue::new(Revision::new(0));
    let mut model = Model::new();
    for number in 0..60 {
        write(&mut catalogue, &mut model, &Write::CreateOne(number));
        write(&mut catalogue, &mut model, &Write::Update(number, number % 2 * 9_000));
        catalogue.tree.check();
    }
    catalogue.create(heaviest, &Terms::new());
    catalogue.tree.check();
    let found = catalogue.get(&heaviest.name.normalized()).expect("the heaviest");
    assert_eq!(&found.package(), heaviest);
    catalogue.delete(&heaviest.name.normalized(), &Terms::new());
    catalogue.tree.check();
    assert_same(&catalogue, &model);
}

/// A catalogue follows the writes of another process: removed packages disappear, and its revision
/// becomes the newest.
#[test]
fn what_was_removed_elsewhere_is_forgotten() {
    let packages: Vec<_> = (0..500).map(package).collect();
    let mut catalogue = Catalogue::new(Revision::new(0));
    catalogue.create_many(&packages, &Terms::new());
    let names: Vec<_> = (100..600).rev().map(|number| package(number).name.normalized()).collect();
    let [earlier, newest, later] = [1, 2, 3].map(|number| Revision::new(u64::MAX / 2 + number));
    catalogue.forget(&[names.clone(), names].concat(), newest);
    catalogue.tree.check();
    assert_eq!((catalogue.len(), catalogue.revision()), (100, newest));
    catalogue.forget(&[package(1).name.normalized()], earlier);
    assert_eq!((catalogue.len(), catalogue.revision()), (99, newest));
    catalogue.forget(&[], later);
    assert_eq!((catalogue.len(), catalogue.revision()), (99, later));
}

/// The day of these tests.
const TODAY: Date = Date::MIN;

fn with_packages(count: u16) -> Catalogue {
    let mut catalogue = Catalogue::new(Revision::new(0));
    catalogue.create_many(&(0..count).map(package).collect::<Vec<_>>(), &Terms::new());
    catalogue
}

fn tomorrow() -> Date {
    TODAY.plus_days(1)
}

fn pick(catalogue: &Catalogue) -> Pick {
    catalogue.pick_daily(TODAY..=TODAY)
}

fn name_of(number: u16) -> NormalizedName {
    package(number).name.normalized()
}

fn is_stale(catalogue: &Catalogue, pick: &Pick) -> bool {
    catalogue.clone().open_daily(pick, UNIX_EPOCH) == Opening::Stale
}

fn shown(catalogue: &mut Catalogue, pick: &Pick) -> Vec<NormalizedName> {
    match catalogue.open_daily(pick, UNIX_EPOCH) {
        Opening::Open { days, .. } => days.iter().map(|day| day.name().clone()).collect(),
        Opening::Stale => panic!("the pick is stale"),
    }
}

#[test]
fn a_pick_is_stale_once_its_own_pin_has_changed() {
    let mut catalogue = with_packages(2);
    let pick_before = pick(&catalogue);
    catalogue.restore_pin(Pinned::new(TODAY, name_of(1), catalogue.revision().next()));
    assert!(is_stale(&catalogue, &pick_before));
    let pick_with_pin = pick(&catalogue);
    assert_eq!(shown(&mut catalogue.clone(), &pick_with_pin), [name_of(1)]);
    catalogue.forget_pin(TODAY);
    assert!(is_stale(&catalogue, &pick_with_pin) && !is_stale(&catalogue, &pick_before));
}

#[test]
fn a_pick_is_stale_once_another_day_was_opened() {
    let mut catalogue = with_packages(2);
    let pick = pick(&catalogue);
    // A day that another process has opened, in a write before the newest one.
    catalogue.restore_daily(Daily::new(tomorrow(), 1, package(0), 0, Revision::new(1)));
    assert!(is_stale(&catalogue, &pick));
}

#[test]
fn a_pick_is_stale_once_its_package_was_deleted() {
    let mut catalogue = with_packages(2);
    let pick = pick(&catalogue);
    let [name] = &shown(&mut catalogue.clone(), &pick)[..] else { panic!("one day") };
    catalogue.delete(name, &Terms::new());
    assert!(is_stale(&catalogue, &pick));
}

#[test]
fn a_pick_is_stale_once_a_pinned_package_is_there_that_was_not() {
    let mut catalogue = with_packages(2);
    catalogue.restore_pin(Pinned::new(TODAY, name_of(2), catalogue.revision().next()));
    let pick = pick(&catalogue);
    assert!(!is_stale(&catalogue, &pick));
    catalogue.create(&package(2), &Terms::new());
    assert!(is_stale(&catalogue, &pick));
}

#[test]
fn a_pick_from_no_packages_is_stale_once_there_is_one() {
    let mut catalogue = with_packages(0);
    let pick = pick(&catalogue);
    assert_eq!(shown(&mut catalogue.clone(), &pick), []);
    catalogue.create(&package(0), &Terms::new());
    assert!(is_stale(&catalogue, &pick));
}

#[test]
fn a_pick_is_stale_in_a_catalogue_that_was_loaded_anew() {
    let pick = pick(&with_packages(2));
    assert!(is_stale(&with_packages(2), &pick));
}

/// This is the control of the tests above: changes that cannot affect the pick do not make it
/// stale.
#[test]
fn a_pick_stays_right_whatever_else_is_written() {
    let mut catalogue = with_packages(2);
    let pick = pick(&catalogue);
    catalogue.create(&package(2), &Terms::new());
    let pinned = catalogue.pin_daily(tomorrow(), TODAY, &name_of(0), &Terms::new());
    assert!(matches!(pinned, Pin::Pinned(_)));
    assert!(!is_stale(&catalogue, &pick));
    assert_eq!(catalogue.unpin_daily(tomorrow(), TODAY, &Terms::new()), Unpin::Unpinned);
    let [name] = &shown(&mut catalogue.clone(), &pick)[..] else { panic!("one day") };
    let changed = Replacement::new(Details::default());
    catalogue.update(name, changed, &Terms::new());
    assert!(!is_stale(&catalogue, &pick));
}

/// A pick within the write is the same as a pick outside of it.
#[test]
fn a_pick_within_the_write_is_the_same() {
    let (first, last) = (TODAY, TODAY.plus_days(4));
    let mut beside = with_packages(3);
    let mut within = beside.clone();
    let pick = beside.pick_daily(first..=last);
    let days = shown(&mut beside, &pick);
    assert_eq!(days.len(), 5);
    assert_eq!(shown(&mut within, &Pick::unmade(first, last)), days);
    // Open days stay the same, and nothing is written.
    let newest = within.revision();
    assert_eq!(shown(&mut within, &pick), days);
    assert_eq!(within.revision(), newest);
}

/// At the beginning of a cycle, the packages of the neighbouring days are avoided if possible.
#[test]
fn a_new_cycle_leaves_out_the_neighbours_on_both_sides() {
    let [before, after] = [-1, 1].map(|days| TODAY.plus_days(2 + days));
    for count in 1..4_u16 {
        let mut catalogue = with_packages(count);
        // All packages were shown, the last two on the days next to this one.
        for number in 0..count {
            let date = match count - number {
                1 => before,
                2 => after,
                _ => TODAY.plus_days(100 + i32::from(number)),
            };
            let revision = catalogue.revision().next();
            catalogue.restore_daily(Daily::new(date, 1, package(number), 0, revision));
        }
        let date = TODAY.plus_days(2);
        let pick = catalogue.pick_daily(date..=date);
        let [name] = &shown(&mut catalogue, &pick)[..] else { panic!("one day") };
        // With one package, it is picked. With two, the one that is not shown the day before is
        // picked. With three, the one that neither neighbour shows is picked.
        assert_eq!(*name, name_of(0), "{count} packages");
    }
}

/// The days of a database come in any order, and a day may be loaded again with another package.
#[test]
fn what_a_cycle_has_shown_is_known_however_the_days_were_loaded() {
    let day = |days, cycle, number| {
        let date = TODAY.plus_days(days);
        Daily::new(date, cycle, package(number), 0, Revision::new(1))
    };
    // The packages 1 and 2 were shown in the second cycle, which begins before the first one ends.
    let orders = [[(2, 2, 1), (1, 1, 0), (3, 2, 2)], [(1, 1, 0), (3, 2, 2), (2, 2, 1)]];
    for days in orders {
        let mut catalogue = with_packages(3);
        for (days, cycle, number) in days {
            catalogue.restore_daily(day(days, cycle, number));
        }
        let pick = pick(&catalogue);
        assert_eq!(shown(&mut catalogue.clone(), &pick), [name_of(0)]);
        // Package 0 takes the place of package 1, which is then left.
        catalogue.restore_daily(day(2, 2, 0));
        let pick = catalogue.pick_daily(TODAY..=TODAY);
        assert_eq!(shown(&mut catalogue, &pick), [name_of(1)]);
    }
}

/// What an earlier cycle has shown does not count in one that begins within the same pick.
#[test]
fn a_cycle_that_begins_within_a_pick_shows_all_packages() {
    let mut catalogue = with_packages(2);
    let first = pick(&catalogue);
    shown(&mut catalogue, &first);
    let pick = catalogue.pick_daily(TODAY.plus_days(1)..=TODAY.plus_days(5));
    let Opening::Open { days, .. } = catalogue.open_daily(&pick, UNIX_EPOCH) else {
        panic!("the pick is stale");
    };
    let cycles: Vec<_> = days.iter().map(Daily::cycle).collect();
    assert_eq!(cycles, [1, 2, 2, 3, 3]);
}

/// A write to the journal copies only the path to its place.
#[test]
fn a_clone_of_the_journal_stays_as_it_was() {
    let mut catalogue = with_packages(2);
    let before = catalogue.clone();
    for days in 1..=50 {
        catalogue.pin_daily(TODAY.plus_days(days), TODAY, &name_of(0), &Terms::new());
    }
    assert_eq!((before.journal_len(), catalogue.journal_len()), ((0, 0), (0, 50)));
    assert_eq!(catalogue.pins(TODAY.plus_days(48), NonZeroUsize::MAX).len(), 2);
}
