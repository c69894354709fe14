//! Facts about searches: what is found, in which order, and what a page says beside its packages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bench::{Bench, Checked, ensure, same};
use super::fixtures::{
    bare, described, details, everything, first, name, names, numbered, package, tagged, with_tags,
    with_words,
};
use super::lists::{lists, pages};
use super::{Fact, Subject};
use crate::package::Package;
use crate::store::{Page, Position, Query, Sort};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("words lie between characters that are neither letters nor digits", cut),
        Fact::new("words are compared case-folded and without combining marks", folded),
        Fact::new("each word of a search must be found", all_words),
        Fact::new("a word is found as a part of the name and as the beginning of others", parts),
        Fact::new("a short word is found as a word and as the beginning of the name", short_words),
        Fact::new("tags, import names and keywords are searched", labels),
        Fact::new("a search without words is as none", without_words),
        Fact::new("a search is ordered by the places where its words are found", places),
        Fact::new("the name that a search spells comes first", exact_names),
        Fact::new("packages with the same score are in the order of their names", ties),
        Fact::new("packages that are used more come earlier", ranks),
        Fact::new("words that follow each other count as a phrase", phrases),
        Fact::new("a search may be in the order of the names", by_name),
        Fact::new("the first page says how many packages there are in total", total),
        Fact::new("a search that finds nothing suggests names", nothing_found),
        Fact::new("a search suggests a name that is used far more", more_popular),
        Fact::new(
            "all pages of a search have each package that stays once, whatever is written in between",
            walk,
        ),
    ]
}

/// Checks which names a search finds, in any order.
fn finds<S: Subject>(bench: &Bench<'_, S>, done: &str, words: &str, expected: &[&str]) -> Checked {
    let mut found = names(&bench.list(&with_words(words))?.items);
    found.sort();
    let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
    same(format!("{done}, then searched: {words:?}; the names in order"), &found, &expected)
}

/// Checks which names a search finds, in the order of their relevance.
fn ranks_as<S: Subject>(
    bench: &Bench<'_, S>,
    done: &str,
    words: &str,
    expected: &[&str],
) -> Checked {
    lists(bench, done, &with_words(words), expected)
}

fn with_metadata(name: &str, short_desc: &str, metadata: &Value) -> Package {
    package(&json!({"name": name, "short_desc": short_desc, "metadata": metadata}))
}

fn cut<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("Zope.Interface", "%_\\'\"*"),
        described("other", "web-based(fast),zero/copy;don't"),
        described("zz", "zop einterface we ased"),
    ])?;
    let done = "packages were created with words between other characters";
    for words in ["zope.interface", "zope-interface", "Zope_Interface", "zope  interface", "*zope%"]
    {
        finds(bench, done, words, &["zope-interface"])?;
    }
    for words in ["fast", "zero copy", "copy.zero", "based", "web_based", "don't", "(web)"] {
        finds(bench, done, words, &["other"])?;
    }
    for words in ["basedfast", "dont", "interfacezope"] {
        finds(bench, done, words, &[])?;
    }
    Ok(())
}

fn folded<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("Ascii", "A Web Framework"),
        described("accents", "un café ÉLÉGANT"),
        described("apart", "un the\u{301}"),
        described("german", "eine STRASSE, für ÜBUNG"),
        described("sharp", "Straße"),
        described("russian", "Язык ПРОГРАММИРОВАНИЯ"),
        described("kelvin", "in \u{212a}elvin"),
        described("turkish", "İstanbul"),
        described("greek", "ΟΔΟΣ"),
        described("final", "οδος"),
        described("ligature", "ﬁle"),
        described("chinese", "机器 学习"),
    ])?;
    let done = "packages were created with different cases and marks in their descriptions";
    for (words, expected) in [
        ("WEB", &["ascii"][..]),
        ("web frame", &["ascii"]),
        ("cafe", &["accents"]),
        ("CAFÉ", &["accents"]),
        ("cafe\u{301} elegant", &["accents"]),
        ("thé", &["apart"]),
        ("straße", &["german", "sharp"]),
        ("strasse", &["german", "sharp"]),
        ("ubung fur", &["german"]),
        ("язык", &["russian"]),
        ("программ", &["russian"]),
        ("KELVIN", &["kelvin"]),
        ("istanbul", &["turkish"]),
        ("İSTAN", &["turkish"]),
        ("οδοσ", &["final", "greek"]),
        ("ΟΔΟΣ", &["final", "greek"]),
        ("FILE", &["ligature"]),
        ("学习", &["chinese"]),
        ("ısı", &[]),
    ] {
        finds(bench, done, words, expected)?;
    }
    Ok(())
}

fn all_words<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("flask", "A simple framework"),
        described("django", "a web framework"),
        described("framework", "simple"),
    ])?;
    let done = "packages were created";
    finds(bench, done, "framework simple", &["flask", "framework"])?;
    finds(bench, done, "simple framework", &["flask", "framework"])?;
    finds(bench, done, "flask framework a", &["flask"])?;
    finds(bench, done, "framework FRAMEWORK", &["django", "flask", "framework"])?;
    finds(bench, done, "framework absent", &[])
}

fn parts<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("pyyaml", "parses documents"),
        described("ruamel.yaml", ""),
        described("yamllint", ""),
        described("other", "for yaml"),
        described("loader", "for yamls"),
        described("inner", "with pyyaml"),
        tagged("label", &["yaml-files"]),
        tagged("inner-label", &["pyyaml"]),
    ])?;
    let done = "packages were created with `yaml` in several places";
    let expected = ["label", "loader", "other", "pyyaml", "ruamel-yaml", "yamllint"];
    finds(bench, done, "yaml", &expected)?;
    finds(bench, done, "yam", &expected)?;
    finds(bench, done, "amel", &["ruamel-yaml"])?;
    finds(bench, done, "cuments", &[])?;
    finds(bench, done, "ruamelyaml", &[])?;
    finds(bench, done, "parses yaml", &["pyyaml"])
}

fn short_words<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("go-tools", ""),
        described("golang", ""),
        described("tool-golang", ""),
        described("mango", ""),
        described("other", "written in Go"),
        described("long", "gopher"),
        tagged("label", &["go"]),
        tagged("beginning", &["golang"]),
        described("strase", "é"),
    ])?;
    let done = "packages were created with `go` in several places";
    finds(bench, done, "go", &["go-tools", "golang", "label", "other"])?;
    finds(bench, done, "g", &["go-tools", "golang"])?;
    finds(bench, done, "e", &["strase"])?;
    finds(bench, done, "gol", &["beginning", "golang", "tool-golang"])
}

fn labels<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        tagged("a", &["image-tools", "x"]),
        with_metadata("b", "", &json!({"import_name": "image.tools"})),
        with_metadata("c", "", &json!({"import_name": ["PIL", "image_tools", 7]})),
        with_metadata("d", "", &json!({"keywords": "Image, Tools"})),
        with_metadata("e", "", &json!({"keywords": [null, "tools", "images"]})),
        with_metadata("f", "", &json!({"keywords": {"a": "image tools"}, "image": "tools"})),
        with_metadata(
            "g",
            "",
            &json!({"name": "image tools", "inner": {"keywords": "image tools"}}),
        ),
    ])?;
    let done = "packages were created with `image tools` in tags and metadata";
    finds(bench, done, "image tools", &["a", "b", "c", "d", "e"])?;
    finds(bench, done, "pil", &["c"])?;
    finds(bench, done, "7", &[])?;
    finds(bench, done, "import_name", &[])?;
    bench.change(&name("b"), &details(""))?;
    bench
        .change(&name("g"), &with_metadata("g", "", &json!({"keywords": "image tools"})).details)?;
    let done = "`b` was updated without import names, and `g` with keywords";
    finds(bench, done, "image tools", &["a", "c", "d", "e", "g"])
}

fn without_words<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[described("flask", "A framework"), tagged("empty", &["web"])])?;
    let done = "`flask`, and `empty` without a description, were created";
    for words in ["", " \t", "%", "-_-", "\0", "\u{301}"] {
        let page = bench.list(&with_words(words))?;
        let all = bench.list(&everything())?;
        same(format!("{done}; everything was listed, and {words:?} was searched"), &page, &all)?;
        let query = Query { after: Some(Position::Name(name("empty"))), ..with_words(words) };
        lists(bench, done, &query, &["flask"])?;
        lists(
            bench,
            done,
            &Query { tags: with_tags(&["web"]).tags, ..with_words(words) },
            &["empty"],
        )?;
    }
    Ok(())
}

fn places<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    // All names have six letters, so the query covers the same part of each.
    bench.add_all(&[
        described("begins", "httpserver"),
        described("xhttpx", ""),
        described("worded", "speaks http"),
        described("x-httpd", ""),
        tagged("tagged", &["http"]),
        described("xx-http", ""),
    ])?;
    let done = "packages were created with `http` in different places";
    let expected = ["xx-http", "tagged", "x-httpd", "worded", "xhttpx", "begins"];
    ranks_as(bench, done, "http", &expected)?;
    bench.add_all(&bare(&["httpserver", "httpserving"]))?;
    let done = "`httpserver` and `httpserving` were created";
    ranks_as(bench, done, "httpser", &["httpserver", "httpserving", "begins"])
}

fn exact_names<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("soup", "beautiful"),
        described("py-beautiful-soup", ""),
        described("beautifulsoup4", ""),
        described("beautifulsoup", ""),
        described("beautiful_soup", ""),
        described("aa-beautiful-soup", ""),
    ])?;
    let done = "packages were created with names like `beautiful soup`";
    let rest = ["py-beautiful-soup", "aa-beautiful-soup", "soup", "beautifulsoup4"];
    let expected = [&["beautiful-soup", "beautifulsoup"], &rest[..]].concat();
    ranks_as(bench, done, "Beautiful Soup", &expected)
}

fn ranks<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let ranked = |name, rank: Value| with_metadata(name, "json tool", &json!({"rank": rank}));
    bench.add_all(&[
        ranked("aa", json!(40_000)),
        ranked("bb", json!(1_000)),
        ranked("cc", json!("100")),
        ranked("dd", json!(1)),
        ranked("ee", json!(-1)),
        ranked("ff", json!(1.5)),
        ranked("gg", json!(10)),
        described("hh", "json tool"),
        ranked("ii", json!(0)),
    ])?;
    let done = "packages with the same words and different ranks were created";
    let expected = ["dd", "gg", "cc", "bb", "aa", "ee", "ff", "hh", "ii"];
    ranks_as(bench, done, "json", &expected)?;
    bench.change(&name("hh"), &ranked("hh", json!(2)).details)?;
    bench.change(&name("dd"), &details("json"))?;
    let done = "`hh` was given the rank 2, and the rank of `dd` was removed";
    let expected = ["hh", "gg", "cc", "bb", "aa", "dd", "ee", "ff", "ii"];
    ranks_as(bench, done, "json", &expected)?;
    bench.add_all(&bare(&["json-tool", "jsontool"]))?;
    let done = "packages were created whose names the search spells, without ranks";
    let spelled = ["json-tool", "jsontool", "hh", "gg", "cc", "bb", "aa", "ee", "ff", "ii"];
    ranks_as(bench, done, "json tool", &spelled)
}

fn phrases<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let ranked = |name, short_desc, keywords: Value| {
        with_metadata(name, short_desc, &json!({"rank": 9, "keywords": keywords}))
    };
    bench.add_all(&[
        ranked("aa", "A framework for the web", json!([])),
        ranked("bb", "", json!(["web", "framework"])),
        ranked("cc", "a web-framework!", json!([])),
        ranked("dd", "", json!(["tools", "the Web framework"])),
        ranked("ee", "my web frameworks", json!("framework")),
        described("ff", "the web framework"),
    ])?;
    let done = "packages were created with `web framework` as a phrase or apart";
    ranks_as(bench, done, "web framework", &["cc", "dd", "aa", "bb", "ee", "ff"])
}

fn ties<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let same_score = ["b-0", "a-b", "b0", "a0", "ab", "c-0"];
    bench.add_all(&same_score.map(|name| described(name, "the same")))?;
    bench.add(&described("longer", "the same"))?;
    let done = "packages were created that have one score, except for `longer`";
    let expected = ["a-b", "a0", "ab", "b-0", "b0", "c-0", "longer"];
    ranks_as(bench, done, "same", &expected)?;
    let mut seen = Vec::new();
    pages(bench, &Query { limit: first(2).limit, ..with_words("same") }, 4, |page| {
        seen.extend(names(&page.items));
        Ok(())
    })?;
    same(format!("{done}; listed by pages of 2"), &seen, &expected.map(str::to_owned).to_vec())
}

fn by_name<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&[
        described("b", "yaml"),
        described("yaml", ""),
        described("c", "more yaml"),
        described("z", "json"),
    ])?;
    let done = "packages were created";
    ranks_as(bench, done, "yaml", &["yaml", "b", "c"])?;
    let query = Query { sort: Sort::Name, ..with_words("yaml") };
    lists(bench, done, &query, &["b", "c", "yaml"])?;
    let after = Some(Position::Name(name("b")));
    lists(bench, done, &Query { after, ..query }, &["c", "yaml"])
}

fn total<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&numbered("p", 5))?;
    bench.add_all(&[tagged("a", &["web"]), tagged("b", &["web"])])?;
    let done = "5 packages `p-…` and 2 with the tag web were created";
    let of = |query: &Query| Ok(bench.list(query)?.total);
    let limit = first(2).limit;
    let tagged = Query { limit: first(1).limit, ..with_tags(&["web"]) };
    for (query, expected) in [
        (first(2), 7),
        (everything(), 7),
        (tagged, 2),
        (Query { limit, ..with_words("p") }, 5),
        (Query { limit, sort: Sort::Name, ..with_words("p") }, 5),
        (with_words("absent"), 0),
    ] {
        same(format!("{done}; the total of {query:?}"), &of(&query)?, &Some(expected))?;
        if let Some(after) = bench.list(&query)?.next {
            let next = Query { after: Some(after), ..query };
            same(format!("{done}; the total of the second page, {next:?}"), &of(&next)?, &None)?;
        }
    }
    bench.remove(&name("p-000"))?;
    let query = Query { limit, ..with_words("p") };
    same(format!("{done}; `p-000` was deleted"), &of(&query)?, &Some(4))
}

/// Checks what a search suggests.
fn suggests<S: Subject>(
    bench: &Bench<'_, S>,
    done: &str,
    words: &str,
    expected: &[&str],
) -> Checked {
    let page = bench.list(&with_words(words))?;
    let came: Vec<_> = page.did_you_mean.iter().map(|name| name.as_str().to_owned()).collect();
    let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
    same(format!("{done}; what a search for `{words}` suggests"), &came, &expected)
}

fn nothing_found<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let ranked = |name, rank| with_metadata(name, "", &json!({"rank": rank}));
    bench.add_all(&[
        ranked("NumPy", 3),
        described("abc", ""),
        ranked("tesa", 50),
        ranked("Tes.b", 60),
        ranked("tesc", 5),
        described("tesd", ""),
        described("tese", ""),
        described("scikit-learn", ""),
    ])?;
    let done = "packages were created";
    for words in ["numpi", "nupmy", "nmpy", "nnumpy", "Numpy1", "num.py"] {
        suggests(bench, done, words, &["NumPy"])?;
    }
    suggests(bench, done, "skikit learn", &["scikit-learn"])?;
    suggests(bench, done, "tesz", &["tesc", "tesa", "tesd"])?;
    suggests(bench, done, "tesb", &["tesc", "tesa", "Tes.b"])?;
    for words in ["nmpi", "abd", "nothing", "numpл", "numpi numpi"] {
        suggests(bench, done, words, &[])?;
    }
    bench.remove(&name("numpy"))?;
    suggests(bench, "`numpy` was deleted", "numpi", &[])?;
    suggests(bench, "nothing else was written", "", &[])
}

fn more_popular<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let ranked = |name, rank| with_metadata(name, "", &json!({"rank": rank}));
    bench.add_all(&[
        ranked("requests", 1),
        described("reqests", ""),
        ranked("requets", 31),
        ranked("request", 33),
        described("requestx", ""),
    ])?;
    let done = "`requests` with rank 1 was created, and similar names";
    suggests(bench, done, "reqests", &["requests"])?;
    suggests(bench, done, "requets", &[])?;
    suggests(bench, done, "request", &["requests"])?;
    suggests(bench, done, "requests", &[])?;
    let query = Query { limit: first(1).limit, ..with_words("req") };
    let Some(after) = bench.list(&query)?.next else { return Ok(()) };
    let query = Query { after: Some(after), ..with_words("reqests") };
    let meant = bench.list(&query)?.did_you_mean;
    same(format!("{done}; what a second page suggests"), &meant, &Vec::new())
}

/// One thread alternately reads a page and writes packages that belong near its end.
fn walk<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let stays = |at: usize| {
        let metadata = json!({"rank": 1_usize << (at % 10)});
        with_metadata(&format!("p-{at:03}-stays"), "a framework", &metadata)
    };
    let stays: Vec<_> = (0..30).map(stays).collect();
    bench.add_all(&stays)?;
    let in_order = names(&bench.list(&with_words("framework"))?.items);
    let framework =
        |name: &str, rank: usize| with_metadata(name, "another framework", &json!({"rank": rank}));
    let others: Vec<_> =
        (0..30).map(|at| framework(&format!("p-{at:03}-other"), 40 * at)).collect();
    bench.add_all(&others)?;
    let mut seen = Vec::new();
    let see = |page: Page| {
        seen.extend(names(&page.items));
        let Some(Position::Relevance(_, last)) = page.next else { return Ok(()) };
        let at = seen.len();
        // The package whose position is the end of the page may go, and others may move.
        if last.as_str().ends_with("other") {
            bench.remove(&last)?;
        }
        for (to, near) in [(1, at), (20_000, at + 1), (50, at + 2)] {
            let near = format!("p-{:03}-other", near % 30);
            bench.create(&framework(&near, to))?;
            bench.update(&name(&near), None, &framework(&near, to).details)?;
        }
        bench.create(&framework(&format!("{last}-0"), 7)).map(drop)
    };
    pages(bench, &Query { limit: first(4).limit, ..with_words("framework") }, 60, see)?;
    let done = "a search was read page by page, and packages that it finds were created, changed \
                and deleted in between";
    let own: BTreeSet<_> = in_order.iter().cloned().collect();
    let stayed: Vec<_> = seen.into_iter().filter(|name| own.contains(name)).collect();
    ensure(stayed == in_order, done, format!("once each, in this order: {in_order:?}"), &stayed)
}
