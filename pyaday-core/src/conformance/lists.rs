//! Facts about lists: their order, their pages and what a query selects.

use std::collections::BTreeSet;

use serde_json::json;

use super::bench::{Bench, Checked, Fault, ensure, same};
use super::fixtures::{
    at_least_one, bare, described, details, everything, first, name, names, numbered, package,
    tagged, with_tags, with_words,
};
use super::{Fact, Subject};
use crate::store::{Page, Position, Query, Sort};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("a list is in the byte order of the normalised names", order),
        Fact::new("a page begins after a name, whether or not it exists", after),
        Fact::new(
            "a page is as long as its limit, and the last page says that it is the last",
            limit,
        ),
        Fact::new("a list by tags has the packages that have all of the tags", tags),
        Fact::new("all filters apply together, on every page", filters_with_pages),
        Fact::new("filters see updates and deletes", filters_follow),
        Fact::new(
            "all pages together have each package that stays once, whatever is written in between",
            walk,
        ),
    ]
}

/// The names that a query lists.
fn listed<S: Subject>(bench: &Bench<'_, S>, query: &Query) -> Checked<Vec<String>> {
    Ok(names(&bench.list(query)?.items))
}

/// Checks which names a query lists.
pub(super) fn lists<S: Subject>(
    bench: &Bench<'_, S>,
    done: &str,
    query: &Query,
    expected: &[&str],
) -> Checked {
    let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
    same(format!("{done}, then listed: {query:?}"), &listed(bench, query)?, &expected)
}

/// Calls `see` with each page of a query, from the first to the last, for at most `most` pages.
pub(super) fn pages<S: Subject>(
    bench: &Bench<'_, S>,
    query: &Query,
    most: usize,
    mut see: impl FnMut(Page) -> Checked,
) -> Checked {
    let mut query = query.clone();
    for _ in 0..most {
        let page = bench.list(&query)?;
        let next = page.next.clone();
        see(page)?;
        match next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
    Err(Fault {
        done: format!("pages were read by their `next`, the last of them: {query:?}"),
        expected: format!("the last page after at most {most}"),
        came: "another `next`".to_owned(),
    })
}

fn order<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    // A database may use the order of a dictionary, which ignores `-` and sorts digits differently.
    let sorted = [
        "0", "00", "1", "10", "2", "9z", "a", "a-0", "a-b", "a-b-c", "a-z", "a0", "a0-b", "a9",
        "aa", "ab", "ab-c", "abc", "b", "b-a", "ba", "z", "z-0", "z0", "zz",
    ];
    let mut shuffled: Vec<_> = sorted.to_vec();
    shuffled.reverse();
    shuffled.rotate_left(7);
    let spelled = |name: &&str| described(&name.to_ascii_uppercase().replace('-', "_"), "");
    bench.add_all(&shuffled.iter().map(spelled).collect::<Vec<_>>())?;
    lists(bench, "names were created in no order", &everything(), &sorted)
}

fn after<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let all = ["b", "b-a", "b0", "d", "f"];
    bench.add_all(&bare(&all))?;
    let cases = [
        ("a", 0),
        ("b", 1),
        ("b-0", 1),
        ("b-a", 2),
        ("b-b", 2),
        ("b0", 3),
        ("c", 3),
        ("d", 4),
        ("e-f", 4),
        ("f", 5),
        ("f-0", 5),
        ("zz", 5),
    ];
    for (after, skipped) in cases {
        let query = Query { after: Some(Position::Name(name(after))), ..everything() };
        lists(bench, &format!("{all:?} were created"), &query, &all[skipped..])?;
    }
    Ok(())
}

fn limit<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let all: Vec<_> = bench.add_all(&numbered("p", 6))?;
    for limit in (1..=8).chain([usize::MAX - 1, usize::MAX]) {
        let mut seen = Vec::new();
        let pages_needed = all.len().div_ceil(limit);
        pages(bench, &first(limit), pages_needed, |page| {
            let before = seen.len();
            seen.extend(page.items);
            let expected = &all[..all.len().min(before.saturating_add(limit))];
            let done = format!("6 packages were created and listed by pages of {limit}");
            same(&done, &seen, &expected.to_vec())?;
            let more = seen.len() < all.len();
            let says = if more { "a `next` on a page with others after it" } else { "no `next`" };
            ensure(page.next.is_some() == more, done, says, &page.next)
        })?;
    }
    Ok(())
}

fn tags<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        tagged("a", &["web"]),
        tagged("b", &["async", "web"]),
        tagged("c", &["async", "cli", "web"]),
        tagged("d", &["web-framework", "async"]),
        tagged("e", &["we", "b", "asyncweb"]),
        described("web", "web async"),
    ])?;
    let done = "packages with different tags were created";
    lists(bench, done, &with_tags(&["web"]), &["a", "b", "c"])?;
    lists(bench, done, &with_tags(&["async"]), &["b", "c", "d"])?;
    lists(bench, done, &with_tags(&["async", "web"]), &["b", "c"])?;
    lists(bench, done, &with_tags(&["async", "cli", "web"]), &["c"])?;
    lists(bench, done, &with_tags(&["we"]), &["e"])?;
    lists(bench, done, &with_tags(&["cli", "web-framework"]), &[])?;
    lists(bench, done, &with_tags(&["no-such-tag"]), &[])?;
    lists(bench, done, &with_tags(&["async", "no-such-tag"]), &[])
}

fn filters_with_pages<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let made = |at: usize| {
        let tags: Vec<_> = [(2, "two"), (3, "three")]
            .iter()
            .filter(|(divisor, _)| at.is_multiple_of(*divisor))
            .map(|(_, tag)| *tag)
            .collect();
        let short_desc = if at.is_multiple_of(5) { "Five times" } else { "not" };
        let name = format!("p-{at:03}");
        package(&json!({"name": name, "short_desc": short_desc, "tags": tags}))
    };
    bench.add_all(&(0..120).map(made).collect::<Vec<_>>())?;
    // Of 120 numbers, 0, 30, 60 and 90 are divisible by 2, 3 and 5.
    let expected = ["p-000", "p-030", "p-060", "p-090"];
    for limit in [1, 2, 3, 9] {
        let query = Query {
            tags: with_tags(&["two", "three"]).tags,
            sort: Sort::Name,
            limit: at_least_one(limit),
            ..with_words("FIVE")
        };
        let mut seen = Vec::new();
        pages(bench, &query, expected.len().div_ceil(limit), |page| {
            let done = format!("120 packages were created and listed: {query:?}");
            ensure(page.items.len() <= limit, &done, "no more than the limit", &page.items.len())?;
            seen.extend(names(&page.items));
            Ok(())
        })?;
        let expected = expected.map(str::to_owned).to_vec();
        same(format!("120 packages were created, every page read of {query:?}"), &seen, &expected)?;
    }
    Ok(())
}

fn filters_follow<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        tagged("a", &["web"]),
        tagged("b", &["cli", "web"]),
        tagged("c", &["web"]),
        described("d", "old words"),
    ])?;
    bench.change(&name("a"), &tagged("a", &["cli"]).details)?;
    bench.change(&name("b"), &tagged("b", &["web", "x"]).details)?;
    bench.remove(&name("c"))?;
    let done = "`a` changed its tags from web to cli, `b` from cli and web to web and x, `c` with \
                web was deleted";
    lists(bench, done, &with_tags(&["web"]), &["b"])?;
    lists(bench, done, &with_tags(&["cli"]), &["a"])?;
    lists(bench, done, &with_tags(&["web", "x"]), &["b"])?;
    bench.change(&name("d"), &details("new words"))?;
    let done = "`d` changed its description from `old words` to `new words`";
    lists(bench, done, &with_words("old"), &[])?;
    lists(bench, done, &with_words("new"), &["d"])?;
    bench.add(&tagged("c", &["cli"]))?;
    let done = "`c` was deleted with the tag web and created anew with the tag cli";
    lists(bench, done, &with_tags(&["web"]), &["b"])?;
    lists(bench, done, &with_tags(&["cli"]), &["a", "c"])
}

/// One thread alternately reads a page and writes near the end of the page.
fn walk<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let stays: BTreeSet<_> = (0..30).map(|at| format!("p-{at:03}-stays")).collect();
    bench.add_all(&stays.iter().map(|name| described(name, "")).collect::<Vec<_>>())?;
    bench.add_all(&numbered("p", 30))?;
    let mut seen = Vec::new();
    pages(bench, &first(4), 60, |page| {
        seen.extend(names(&page.items));
        let Some(next) = page.next.map(|next| next.to_string()) else { return Ok(()) };
        // The name after which the next page begins may be deleted, and so may its neighbours.
        // Others may be added.
        for near in [next.clone(), format!("{next}-0"), next.replace("stays", "s")] {
            let near = name(&near);
            if !stays.contains(near.as_str()) && bench.read(&near)?.is_some() {
                bench.remove(&near)?;
            } else {
                bench.create(&described(near.as_str(), ""))?;
            }
            bench.update(&near, None, &details("changed"))?;
        }
        Ok(())
    })?;
    let done = "a list was read page by page, and around the end of each page packages were \
                created, updated and deleted";
    ensure(seen.is_sorted_by(|a, b| a < b), done, "ascending names, each once", &seen)?;
    let stayed: BTreeSet<_> = seen.into_iter().filter(|name| stays.contains(name)).collect();
    same(format!("{done}; those that stayed"), &stayed, &stays)
}
