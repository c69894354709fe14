//! Facts about updates that give a package's name another spelling.

use super::bench::{Bench, Checked, ensure, same, shows};
use super::fixtures::{bare, described, details, full, name, names, seed, with_words};
use super::{Fact, Subject};
use crate::store::{Create, Delete, Replacement, Update, Write};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("an update that gives another spelling stores it", respelled),
        Fact::new("a package that was respelled is the same package", one_package),
        Fact::new("an update that gives the same spelling and details writes nothing", unchanged),
        Fact::new("the name of another package is not a spelling", other_name),
    ]
}

const SPELLINGS: [&str; 4] =
    ["zope.interface", "Zope_Interface", "ZOPE--INTERFACE", "zope-interface"];

fn respelled<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add_all(&bare(&["a", "zzz"]))?;
    let mut before = bench.add(&full("zope.Interface"))?.revision();
    for spelling in SPELLINGS {
        let version = bench.respell(&full(spelling))?;
        let done = format!("only the spelling was replaced, by `{spelling}`");
        let grown = version.revision() > before;
        ensure(grown, &done, format!("a revision greater than {before}"), &version)?;
        before = version.revision();
        for any in SPELLINGS {
            let read = bench.read(&name(any))?;
            same(format!("{done}, and `{any}` read"), &read, &Some(version.clone()))?;
        }
        let page = bench.page()?;
        same(format!("{done}, and all listed"), &page.items.get(1), &Some(&version))?;
        same(format!("{done}, and the newest revision read"), &page.revision, &before)?;
        let found = bench.list(&with_words("zope-interface"))?.items;
        same(format!("{done}, and the normalised name searched"), &found, &vec![version])?;
    }
    Ok(())
}

fn other_name<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add(&described("Flask", "before"))?;
    let replacement = described("django", "after").into();
    let done = "`Flask` was updated with a replacement that names `django`";
    let answer = bench.update_on(&name("flask"), replacement, Write::new())?;
    let Update::Updated(version) = &answer else {
        return ensure(false, done, "Updated", &answer);
    };
    shows(done, version, &described("Flask", "after"))?;
    let listed = names(&bench.page()?.items);
    same("… and all listed", &listed, &vec!["flask".to_owned()])
}

fn one_package<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.add(&described("zope.interface", "before"))?;
    let version = bench.respell(&described("Zope_Interface", "after"))?;
    let done = "`zope.interface` was respelled as `Zope_Interface`";
    let listed = names(&bench.page()?.items);
    same(format!("{done}, and all listed"), &listed, &vec!["zope-interface".to_owned()])?;
    let drawn = bench.random(seed())?;
    same(format!("{done}, and drawn"), &drawn, &Some(version.clone()))?;
    for spelling in SPELLINGS {
        let again = bench.create(&described(spelling, "another"))?;
        let done = format!("{done}, and created as `{spelling}`");
        same(done, &again, &Create::Exists(version.clone()))?;
    }
    let changed = bench.change(&name("zope.interface"), &details("once more"))?;
    let done = format!("{done}, then updated without a spelling");
    shows(&done, &changed, &described("Zope_Interface", "once more"))?;
    let deleted = bench.delete(&name("ZOPE.interface"), Some(changed.revision()))?;
    same(format!("{done}, then deleted"), &deleted, &Delete::Deleted)?;
    same(format!("{done}, then deleted, and all listed"), &bench.page()?.items, &vec![])
}

fn unchanged<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for package in [full("Flask"), described("Zope_Interface", "")] {
        let stored = bench.add(&package)?;
        let done = format!("`{}` was replaced by itself", package.name);
        let own = package.name.normalized();
        let answer = bench.writes_nothing(&done, || {
            bench.update_on(&own, Replacement::from(package.clone()), Write::new())
        })?;
        same(done, &answer, &Update::Unchanged(stored))?;
    }
    Ok(())
}
