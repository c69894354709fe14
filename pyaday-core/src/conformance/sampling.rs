//! Facts about draws: which packages are drawn, and that each is equally likely.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::ops::Range;

use super::bench::{Bench, Checked, Fault, ensure, same};
use super::fixtures::{
    at_least_one, bare, described, name, names, normalized, numbered, seed, seeds, tag, tagged,
};
use super::{Fact, Subject};
use crate::package::Tag;
use crate::store::Seed;

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("each package is equally likely to be drawn", random_evenly),
        Fact::new("each package of many is equally likely to be drawn", random_evenly_of_many),
        Fact::new("a sample has different packages: as many as requested, or all", sample_count),
        Fact::new("a sample by tag has only packages with that tag", sample_tagged),
        Fact::new("each sequence of packages is equally likely to be sampled", sample_evenly),
        Fact::new("each order of all packages is equally likely to be sampled", sample_all_evenly),
        Fact::new(
            "each sequence of tagged packages is equally likely to be sampled",
            sample_tagged_evenly,
        ),
        Fact::new(
            "each package is equally likely at each place of a large sample",
            sample_evenly_of_many,
        ),
        Fact::new("equal seeds give equal draws", seed_decides),
    ]
}

/// Draws `mean` times for each possible outcome, and checks that all outcomes are equally likely.
fn evenly<T: Ord + Clone + Debug>(
    done: &str,
    mean: usize,
    outcomes: impl IntoIterator<Item = T>,
    mut draw: impl FnMut(Seed) -> Checked<T>,
) -> Checked {
    let mut counts: BTreeMap<T, u32> = outcomes.into_iter().map(|outcome| (outcome, 0)).collect();
    let draws = mean * counts.len();
    for seed in seeds().take(draws) {
        let drawn = draw(seed)?;
        let count = counts.get_mut(&drawn).ok_or_else(|| Fault {
            done: done.to_owned(),
            expected: "one of those that there are".to_owned(),
            came: format!("{drawn:?}"),
        })?;
        *count += 1;
    }
    let chi_square: f64 =
        counts.values().map(|count| (f64::from(*count) - mean as f64).powi(2) / mean as f64).sum();
    let most = chi_square_limit(counts.len() as f64 - 1.0);
    ensure(
        chi_square <= most,
        format!("{done}, {draws} times"),
        format!("each of {} outcomes about {mean} times: chi-square up to {most:.0}", counts.len()),
        &format_args!(
            "chi-square {chi_square:.0}: the rarest {} times, the most frequent {}",
            counts.values().min().unwrap_or(&0),
            counts.values().max().unwrap_or(&0),
        ),
    )
}

/// The value that chi-square exceeds by chance once in 10¹², by the approximation of Wilson and
/// Hilferty.
fn chi_square_limit(degrees_of_freedom: f64) -> f64 {
    const NORMAL_QUANTILE: f64 = 7.0;
    let part = 2.0 / (9.0 * degrees_of_freedom);
    degrees_of_freedom * (1.0 - part + NORMAL_QUANTILE * part.sqrt()).powi(3)
}

/// All sequences of `count` different items.
fn sequences(items: &[String], count: usize) -> Vec<Vec<String>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in sequences(items, count - 1) {
        for item in items.iter().filter(|item| !shorter.contains(item)) {
            all.push(shorter.iter().chain([item]).cloned().collect());
        }
    }
    all
}

/// Makes numbered packages. Deletes those in `gone`, in the middle, and those at both ends. Makes
/// two others. Returns the names of all packages.
fn with_gaps<S: Subject>(
    bench: &Bench<'_, S>,
    count: usize,
    gone: Range<usize>,
) -> Checked<Vec<String>> {
    bench.add_all(&numbered("p", count))?;
    for at in gone.chain([0, count - 1]) {
        bench.remove(&name(&format!("p-{at:03}")))?;
    }
    bench.add_all(&bare(&["zz", "0"]))?;
    Ok(names(&bench.page()?.items))
}

fn random_name<S: Subject>(bench: &Bench<'_, S>, seed: Seed) -> Checked<Option<String>> {
    Ok(names(bench.random(seed)?.as_slice()).pop())
}

fn sample_names<S: Subject>(
    bench: &Bench<'_, S>,
    count: usize,
    tag: Option<&Tag>,
    seed: Seed,
) -> Checked<Vec<String>> {
    Ok(names(&bench.sample(at_least_one(count), tag, seed)?))
}

fn random_evenly<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let present = with_gaps(bench, 90, 30..45)?;
    let done = format!("one of {} packages was drawn, after others were deleted", present.len());
    evenly(&done, 120, present.into_iter().map(Some), |seed| random_name(bench, seed))
}

/// Neighbours in the order of the names are counted together.
fn random_evenly_of_many<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let present = with_gaps(bench, 860, 300..360)?;
    let places: BTreeMap<_, _> = present.into_iter().zip(0..).collect();
    let of_forty = |name: Option<String>| {
        name.and_then(|name| places.get(&name)).map(|place| place * 40 / places.len())
    };
    let done = format!("one of {} packages was drawn; the 40th part it is in", places.len());
    evenly(&done, 60, (0..40).map(Some), |seed| Ok(of_forty(random_name(bench, seed)?)))
}

fn sample_count<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let present = with_gaps(bench, 12, 4..6)?;
    let present: BTreeSet<_> = present.into_iter().collect();
    let many = [1, 2, present.len() - 1, present.len(), present.len() + 1, 100, usize::MAX];
    for (count, seed) in
        many.into_iter().flat_map(|count| seeds().take(20).map(move |s| (count, s)))
    {
        let done = format!("{count} of {} packages were sampled", present.len());
        let sample = sample_names(bench, count, None, seed)?;
        same(format!("{done} and counted"), &sample.len(), &count.min(present.len()))?;
        let different: BTreeSet<_> = sample.iter().cloned().collect();
        ensure(different.len() == sample.len(), &done, "each at most once", &sample)?;
        ensure(different.is_subset(&present), &done, "only such as exist", &sample)?;
    }
    Ok(())
}

fn sample_tagged<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        tagged("a", &["web"]),
        tagged("b", &["async", "web"]),
        tagged("c", &["web-framework"]),
        tagged("d", &["cli", "web"]),
        tagged("e", &["web"]),
        described("web", "web"),
    ])?;
    bench.change(&name("a"), &tagged("a", &["cli"]).details)?;
    bench.change(&name("c"), &tagged("c", &["web"]).details)?;
    bench.remove(&name("e"))?;
    let done = "tags were given, changed by updates and deleted with their packages; then sampled \
                by the tag";
    let cases: [(&str, &[&str]); 5] = [
        ("web", &["b", "c", "d"]),
        ("cli", &["a", "d"]),
        ("async", &["b"]),
        ("web-framework", &[]),
        ("no-such-tag", &[]),
    ];
    for (label, carriers) in cases {
        for count in [NonZeroUsize::MIN, at_least_one(2), at_least_one(3), NonZeroUsize::MAX] {
            let sample = names(&bench.sample(count, Some(&tag(label)), seed())?);
            let done = format!("{done} `{label}`, {count} packages");
            same(format!("{done}, and counted"), &sample.len(), &carriers.len().min(count.get()))?;
            let different: BTreeSet<_> = sample.iter().map(String::as_str).collect();
            let fits = different.len() == sample.len()
                && different.iter().all(|name| carriers.contains(name));
            ensure(fits, done, format!("of {carriers:?}, each at most once"), &sample)?;
        }
    }
    Ok(())
}

fn sample_evenly<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&bare(&["a", "b", "gone", "c", "d", "e"]))?;
    bench.remove(&name("gone"))?;
    let all = names(&bench.page()?.items);
    evenly("3 of 5 packages were sampled", 60, sequences(&all, 3), |seed| {
        sample_names(bench, 3, None, seed)
    })
}

fn sample_all_evenly<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&bare(&["a", "b", "c", "d"]))?;
    let all = names(&bench.page()?.items);
    for count in [4, 50] {
        let done = format!("4 packages were there and {count} sampled");
        evenly(&done, 60, sequences(&all, 4), |seed| sample_names(bench, count, None, seed))?;
    }
    Ok(())
}

fn sample_tagged_evenly<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let carriers = ["b", "c", "e", "f"];
    let made = |name: &&str| tagged(name, if carriers.contains(name) { &["web"] } else { &["x"] });
    let all = ["a", "b", "c", "d", "e", "f"];
    bench.add_all(&all.iter().map(made).collect::<Vec<_>>())?;
    let carriers = carriers.map(str::to_owned);
    for count in [1, 2, 4] {
        let done = format!("{count} of the 4 packages with a tag were sampled, 2 were without it");
        evenly(&done, 60, sequences(&carriers, count), |seed| {
            sample_names(bench, count, Some(&tag("web")), seed)
        })?;
    }
    Ok(())
}

/// Counts which part of the catalogue is drawn at one position of the sample. Sampling many
/// packages may use other algorithms than sampling a few.
fn sample_evenly_of_many<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let present = with_gaps(bench, 860, 300..360)?;
    let places: BTreeMap<_, _> = present.into_iter().zip(0..).collect();
    for (count, at) in [(5, 0), (5, 4), (300, 150)] {
        let done = format!(
            "{count} of {} packages were sampled; the 20th part that number {at} is in",
            places.len()
        );
        evenly(&done, 60, (0..20).map(Some), |seed| {
            let sample = bench.sample(at_least_one(count), None, seed)?;
            let there = sample.get(at).map(normalized);
            let place = there.and_then(|name| places.get(name.as_str()));
            Ok(place.map(|place| place * 20 / places.len()))
        })?;
    }
    Ok(())
}

fn seed_decides<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 50))?;
    let mut drawn = BTreeSet::new();
    for seed in seeds().take(20) {
        let draw = || -> Checked<_> {
            let sample = bench.sample(at_least_one(5), None, seed)?;
            Ok((bench.random(seed)?, names(&sample)))
        };
        let (random, sample) = draw()?;
        let done = "with one seed, nothing written between: drawn and sampled twice";
        same(done, &draw()?, &(random, sample.clone()))?;
        drawn.insert(sample);
    }
    let done = "5 of 50 packages were sampled with 20 seeds";
    ensure(drawn.len() > 10, done, "different samples", &drawn)
}
