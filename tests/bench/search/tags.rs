//! Pages and draws of the packages with a tag.

use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;
use std::num::NonZeroUsize;

use pyaday_core::{Catalogue, Package, Query, Revision, Seed, Tag, Write};

use pyaday_bench::time::{Times, processor};

/// The tags, and how many packages there are for each package with the tag.
const TAGS: &[(&str, usize)] =
    &[("frequent", 2), ("common", 30), ("usual", 1_000), ("rare", 100_000)];

/// Prints what a page and a draw take. The list has no tags, so some are added.
pub(crate) fn measure(mut packages: Vec<Package>) -> Result<(), Box<dyn Error>> {
    let mut catalogue = Catalogue::new(Revision::new(0));
    for (at, package) in packages.iter_mut().enumerate() {
        let tags = TAGS.iter().filter(|(_, part)| at.is_multiple_of(*part));
        let tags: BTreeSet<Tag> = tags.map(|(tag, _)| tag.parse()).collect::<Result<_, _>>()?;
        package.details.tags = tags.try_into()?;
    }
    packages.chunks(5_000).for_each(|batch| drop(catalogue.create_many(batch, &Write::new())));
    catalogue.build_index();
    for (tag, part) in TAGS {
        let tag: Tag = tag.parse()?;
        let mut query = Query::new(crate::LIMIT);
        query.tags.insert(tag.clone());
        let (mut pages, mut draws) = (Times::default(), Times::default());
        for _ in 0..500 {
            let start = processor();
            black_box(catalogue.list(&query));
            pages.add(processor() - start);
            let start = processor();
            black_box(catalogue.sample(NonZeroUsize::MIN, Some(&tag), Seed::random()));
            draws.add(processor() - start);
        }
        println!("a page of a tag that 1 of {part} packages has: {pages}");
        println!("a draw of one: {draws}");
    }
    Ok(())
}
