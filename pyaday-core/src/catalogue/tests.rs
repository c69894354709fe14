//! What holds of the tree inside a catalogue; what a catalogue answers is the conformance suite's.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::Catalogue;
use crate::daily::{Daily, Opening};
use crate::date::Date;
use crate::package::{Details, Metadata, Package, Tag};
use crate::store::{Query, Revision};

/// What is done to a catalogue; numbers stand for names.
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
        1..40,
    )
}

fn package(number: u16) -> Package {
    // Long and short names, and some that differ only behind their first sixteen bytes.
    let name = match number % 3 {
        0 => format!("p{number}"),
        1 => format!("a-name-with-the-same-beginning-{number}"),
        _ => format!("{number}-{}", "x".repeat(usize::from(number % 200) + 1)),
    };
    Package::new(&name, "A description").expect("a package")
}

/// Metadata of about so many bytes.
fn metadata(size: usize) -> Metadata {
    let members = [("description".to_owned(), "x".repeat(size).into())];
    serde_json::Map::from_iter(members).try_into().expect("metadata")
}

/// The texts by the names.
type Model = BTreeMap<String, String>;

fn write(catalogue: &mut Catalogue, model: &mut Model, write: &Write) {
    match write {
        Write::CreateOne(number) => {
            drop(catalogue.create(&package(*number)));
            add(catalogue, model, &[*number]);
        }
        Write::Create(numbers) => {
            drop(catalogue.create_many(&numbers.iter().copied().map(package).collect::<Vec<_>>()));
            add(catalogue, model, numbers);
        }
        Write::Update(number, size) => {
            let name = package(*number).name.normalized();
            let mut details = package(*number).details;
            details.metadata = metadata(usize::from(*size));
            drop(catalogue.update(&name, None, details));
            if model.contains_key(name.as_str()) {
                add(catalogue, model, &[*number]);
            }
        }
        Write::DeleteFrom(from, count) => {
            for number in *from..from + count {
                let name = package(number).name.normalized();
                drop(catalogue.delete(&name, None));
                model.remove(name.as_str());
            }
        }
    }
}

/// Notes in the model what the catalogue says of these packages.
fn add(catalogue: &Catalogue, model: &mut Model, numbers: &[u16]) {
    for number in numbers {
        let name = package(*number).name.normalized();
        let stored = catalogue.get(&name).expect("it was written");
        model.insert(name.as_str().to_owned(), format!("{stored:?}"));
    }
}

fn assert_same(catalogue: &Catalogue, model: &Model) {
    catalogue.tree.check();
    assert_eq!(catalogue.len(), model.len());
    let all = catalogue.list(&Query::new(NonZeroUsize::MAX)).items;
    let texts: Vec<_> = all.iter().map(|stored| format!("{stored:?}")).collect();
    assert!(texts.iter().eq(model.values()), "the packages are not those that were written");
    for (rank, stored) in all.iter().enumerate() {
        assert_eq!(catalogue.tree.nth(rank), *stored);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// The tree stays in order, balanced and filled, and no write is seen through an older clone.
    #[test]
    fn a_tree_is_in_order_after_any_writes_and_its_clones_stay(writes in writes()) {
        let mut catalogue = Catalogue::new(Revision::new(0));
        let mut model = Model::new();
        let mut clones = Vec::new();
        for write in &writes {
            self::write(&mut catalogue, &mut model, write);
            catalogue.tree.check();
            clones.push((catalogue.clone(), model.clone()));
        }
        for (catalogue, model) in &clones {
            assert_same(catalogue, model);
        }
    }
}

#[test]
fn a_tree_grows_and_shrinks_one_by_one_through_every_size() {
    let mut catalogue = Catalogue::new(Revision::new(0));
    let mut model = Model::new();
    for number in 0..400 {
        write(&mut catalogue, &mut model, &Write::CreateOne(number));
        catalogue.tree.check();
    }
    assert_same(&catalogue, &model);
    for number in (0..400).rev() {
        write(&mut catalogue, &mut model, &Write::DeleteFrom(number, 1));
        catalogue.tree.check();
    }
    assert!(catalogue.is_empty() && model.is_empty());
}

/// Sizes around those where leaves and branches are full.
#[test]
fn a_batch_of_any_size_makes_a_tree_in_order() {
    for count in [0, 1, 31, 32, 33, 64, 65, 512, 513, 1024, 2048, 2049, 65_535] {
        let packages: Vec<_> = (0..count).rev().map(package).collect();
        let mut catalogue = Catalogue::new(Revision::new(0));
        catalogue.create_many(&packages);
        assert_eq!(catalogue.len(), usize::from(count));
        catalogue.tree.check();
    }
}

/// One that is too heavy for a leaf has its own, also between others; and so has the heaviest there
/// can be.
#[test]
fn a_package_of_any_weight_is_found_among_others() {
    let tags = (0..32).map(|number| format!("{number:040}").parse().expect("a tag"));
    let tags: BTreeSet<Tag> = tags.collect();
    let heaviest = Package {
        name: format!("p5{}", "x".repeat(253)).parse().expect("a name"),
        details: Details {
            short_desc: "\u{10ffff}".repeat(512).parse().expect("a description"),
            tags: tags.try_into().expect("tags"),
            metadata: metadata(16_000),
        },
    };
    let mut catalogue = Catalogue::new(Revision::new(0));
    let mut model = Model::new();
    for number in 0..100 {
        write(&mut catalogue, &mut model, &Write::CreateOne(number));
        write(&mut catalogue, &mut model, &Write::Update(number, number % 2 * 9_000));
        catalogue.tree.check();
    }
    catalogue.create(&heaviest);
    catalogue.tree.check();
    let found = catalogue.get(&heaviest.name.normalized()).expect("the heaviest");
    assert_eq!(found.package(), heaviest);
    catalogue.delete(&heaviest.name.normalized(), None);
    catalogue.tree.check();
    assert_same(&catalogue, &model);
}

/// What another process has written is followed: what it removed is gone, its revision is the newest.
#[test]
fn what_was_removed_elsewhere_is_forgotten() {
    let packages: Vec<_> = (0..500).map(package).collect();
    let mut catalogue = Catalogue::new(Revision::new(0));
    catalogue.create_many(&packages);
    let names: Vec<_> = (100..600).rev().map(|number| package(number).name.normalized()).collect();
    catalogue.forget(&[names.clone(), names].concat(), Revision::new(70));
    catalogue.tree.check();
    assert_eq!((catalogue.len(), catalogue.revision()), (100, Revision::new(70)));
    catalogue.forget(&[package(1).name.normalized()], Revision::new(60));
    assert_eq!((catalogue.len(), catalogue.revision()), (99, Revision::new(70)));
    catalogue.forget(&[], Revision::new(80));
    assert_eq!((catalogue.len(), catalogue.revision()), (99, Revision::new(80)));
}

#[test]
fn a_pin_that_was_left_elsewhere_makes_an_earlier_pick_stale() {
    let date = Date::MIN;
    for pinned in [None, Some(package(1).name.normalized())] {
        let mut catalogue = Catalogue::new(Revision::new(0));
        catalogue.create_many(&[package(0), package(1)]);
        let pick = catalogue.pick_daily(date).expect("a pick");
        catalogue.follow_pin(date, pinned.clone(), Revision::new(9));
        assert_eq!(catalogue.open_daily(&pick, UNIX_EPOCH), Opening::Stale);
        assert_eq!(catalogue.journal_len(), (0, usize::from(pinned.is_some())));
        let pick = catalogue.pick_daily(date).expect("a pick");
        assert!(pinned.is_none_or(|name| *pick.name() == name) && pick.date() == date);
        assert!(matches!(catalogue.open_daily(&pick, UNIX_EPOCH), Opening::Opened(_)));
    }
}

#[test]
fn a_day_that_is_put_back_does_not_make_an_earlier_pick_right() {
    let mut catalogue = Catalogue::new(Revision::new(0));
    catalogue.create_many(&[package(0), package(1)]);
    let pick = catalogue.pick_daily(Date::MIN).expect("a pick");
    catalogue.follow_journal(Revision::new(9));
    let old = Daily::new(Date::MIN.plus_days(1), 1, package(0), 0, Revision::new(1));
    catalogue.restore_daily(old);
    assert_eq!(catalogue.revision(), Revision::new(9));
    assert_eq!(catalogue.open_daily(&pick, UNIX_EPOCH), Opening::Stale);
    let pick = catalogue.pick_daily(Date::MIN).expect("a pick");
    assert!(matches!(catalogue.open_daily(&pick, UNIX_EPOCH), Opening::Opened(_)));
}
