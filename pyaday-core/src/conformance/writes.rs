//! Facts about single packages: creating, reading, updating and deleting them.

use std::slice;

use serde_json::json;

use super::bench::{Bench, Checked, ensure, same, shows};
use super::fixtures::{
    at_least_one, bare, described, details, full, name, names, normalized, numbered, package, seed,
};
use super::{Fact, Subject};
use crate::package::{Details, Package, Revision, Stored};
use crate::store::{Create, Delete, Update};

pub(super) fn facts<S: Subject>() -> Vec<Fact<S>> {
    vec![
        Fact::new("an empty store returns a result for every call", empty),
        Fact::new("a created package is read back", created_is_read),
        Fact::new(
            "a package is found by any spelling of its name, and keeps its own spelling",
            spellings,
        ),
        Fact::new("names that only resemble each other are different packages", resembling),
        Fact::new("a name that exists is not created again, in any spelling", exists),
        Fact::new("the results of a batch are in the order of the batch", batch_order),
        Fact::new("if a batch has a name twice, the first package with it is created", batch_twice),
        Fact::new("a batch of existing packages writes nothing", batch_of_nothing),
        Fact::new("an update without a spelling replaces all but the name", updated),
        Fact::new("an update with equal details writes nothing", unchanged),
        Fact::new("an update that expects the current revision is carried out", update_expected),
        Fact::new("an update that expects another revision writes nothing", update_stale),
        Fact::new("an update never creates", update_absent),
        Fact::new("a deleted package does not exist any more, and the others stay", deleted),
        Fact::new("a delete that expects the current revision is carried out", delete_expected),
        Fact::new("a delete that expects another revision writes nothing", delete_stale),
        Fact::new("a deleted name can be created again, in any spelling", created_anew),
        Fact::new("a store has one identity, and no other store has it", identity),
        Fact::new("reads after a refresh show what was written", refreshed),
        Fact::new("every method shows the same version of a package", one_version),
    ]
}

fn empty<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    same("read from an empty store", &bench.read(&flask)?, &None)?;
    same("random from an empty store", &bench.random(seed())?, &None)?;
    same("sample from an empty store", &bench.sample(at_least_one(3), None, seed())?, &vec![])?;
    let page = bench.page()?;
    same("list of an empty store", &(page.items, page.next), &(vec![], None))?;
    let update = bench.update(&flask, None, &details("new"))?;
    same("update in an empty store", &update, &Update::Absent)?;
    same("delete from an empty store", &bench.delete(&flask, None)?, &Delete::Absent)
}

fn created_is_read<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for package in [full("flask"), described("django", ""), described("typer", "A CLI")] {
        let version = bench.add(&package)?;
        let read = bench.read(&package.name.normalized())?;
        same(format!("`{}` was created and read", package.name), &read, &Some(version))?;
    }
    same("a name was read that was never created", &bench.read(&name("starlette"))?, &None)
}

fn spellings<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let version = bench.add(&full("Zope_.Interface"))?;
    for spelling in ["zope-interface", "Zope_.Interface", "ZOPE.INTERFACE", "zope--_interface"] {
        let read = bench.read(&name(spelling))?;
        let done = format!("`Zope_.Interface` was created and `{spelling}` read");
        same(done, &read, &Some(version.clone()))?;
    }
    Ok(())
}

fn resembling<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let spellings = [
        "7", "007", "7.0", "1e1", "10", "0x10", "a", "a0", "a00", "ab", "a-b", "a-b-c", "abc", "b",
        "null", "none", "true", "nan", "con", "l", "1", "I", "O", "0", "select",
    ];
    let packages: Vec<Package> =
        spellings.iter().map(|spelling| described(spelling, &format!("is {spelling}"))).collect();
    for package in &packages {
        bench.add(package)?;
    }
    for package in &packages {
        let done = format!("`{}` was created among names that resemble it, and read", package.name);
        let read = bench.read(&package.name.normalized())?;
        ensure(read.is_some(), &done, "the package", &read)?;
        read.map_or(Ok(()), |version| shows(done, &version, package))?;
    }
    Ok(())
}

fn exists<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let version = bench.add(&full("Zope.Interface"))?;
    for spelling in ["Zope.Interface", "zope-interface", "ZOPE__INTERFACE"] {
        let done = format!("`Zope.Interface` was created, then `{spelling}` with other details");
        let other = described(spelling, "another");
        let answer = bench.writes_nothing(&done, || bench.create(&other))?;
        same(&done, &answer, &Create::Exists(version.clone()))?;
        let answer = bench.writes_nothing(&done, || bench.create_many(slice::from_ref(&other)))?;
        same(format!("{done} in a batch"), &answer, &vec![Create::Exists(version.clone())])?;
    }
    Ok(())
}

fn batch_order<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let old = bench.add_all(&bare(&["m", "c"]))?;
    let batch = [full("z"), described("C", "other"), full("a"), full("M"), described("n", "new")];
    let answers = bench.create_many(&batch)?;
    same("a batch of 5 was created, and the answers counted", &answers.len(), &5)?;
    for (answer, package) in answers.iter().zip(&batch) {
        let done = format!("`{}` was created in a batch", package.name);
        let read = bench.read(&package.name.normalized())?;
        let expected = match package.name.as_str() {
            "C" => Some(Create::Exists(old[1].clone())),
            "M" => Some(Create::Exists(old[0].clone())),
            _ => read.map(Create::Created),
        };
        same(format!("{done} and read"), &Some(answer.clone()), &expected)?;
        if let Create::Created(version) = answer {
            shows(done, version, package)?;
        }
    }
    let listed = names(&bench.page()?.items);
    same("all were listed after it", &listed, &["a", "c", "m", "n", "z"].map(String::from).into())
}

fn batch_twice<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let batch = [
        described("Flask", "the first"),
        described("other", ""),
        described("FLASK", "the second"),
        described("Flask", "the first"),
    ];
    let answers = bench.create_many(&batch)?;
    let done = "a batch was created that holds `Flask`, `other`, `FLASK`, `Flask`";
    let [Create::Created(version), Create::Created(_), later @ ..] = &answers[..] else {
        return ensure(false, done, "the first two Created", &answers);
    };
    shows(done, version, &batch[0])?;
    let exists = Create::Exists(version.clone());
    same(format!("{done}: the last two answers"), &later.to_vec(), &vec![exists.clone(), exists])?;
    same("`flask` was read after it", &bench.read(&name("flask"))?, &Some(version.clone()))
}

fn batch_of_nothing<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let done = "an empty batch was created in an empty store";
    same(done, &bench.writes_nothing(done, || bench.create_many(&[]))?, &vec![])?;
    let packages = bare(&["a", "b", "c"]);
    let versions = bench.add_all(&packages)?;
    let done = "an empty batch was created";
    same(done, &bench.writes_nothing(done, || bench.create_many(&[]))?, &vec![])?;
    let done = "a batch was created again";
    let answers = bench.writes_nothing(done, || bench.create_many(&packages))?;
    same(done, &answers, &versions.into_iter().map(Create::Exists).collect())
}

fn updated<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    bench.add_all(&[full("django"), full("FLASK"), full("typer")])?;
    let before = bench.page()?.items;
    let others = [
        details("only a description"),
        package(&json!({"name": "any", "short_desc": "", "tags": ["new"]})).details,
        package(&json!({"name": "any", "short_desc": "", "metadata": {"a": "1", "b": null}}))
            .details,
        Details::default(),
    ];
    for details in &others {
        let version = bench.change(&flask, details)?;
        let expected = Package { name: full("FLASK").name, details: details.clone() };
        shows("`FLASK` was updated by the name `flask`", &version, &expected)?;
        same("`flask` was read after it", &bench.read(&flask)?, &Some(version.clone()))?;
        let listed = vec![before[0].clone(), version, before[2].clone()];
        same("all were listed after it", &bench.page()?.items, &listed)?;
    }
    Ok(())
}

fn unchanged<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    for package in [full("Flask"), described("Django", "")] {
        let stored = bench.add(&package)?;
        for expected in [None, Some(stored.revision())] {
            let done = format!(
                "`{}` was updated with the details that it had; expected revision: {expected:?}",
                package.name,
            );
            let name = package.name.normalized();
            let answer =
                bench.writes_nothing(&done, || bench.update(&name, expected, &package.details))?;
            same(done, &answer, &Update::Unchanged(stored.clone()))?;
        }
    }
    Ok(())
}

fn update_expected<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    let mut version = bench.add(&full("Flask"))?;
    bench.add(&full("django"))?;
    for short_desc in ["one", "two", "three"] {
        let expected = described("Flask", short_desc);
        let done = "`flask` was updated in its own revision";
        match bench.update(&flask, Some(version.revision()), &expected.details)? {
            Update::Updated(updated) => version = updated,
            other => return ensure(false, done, "Updated", &other),
        }
        shows(done, &version, &expected)?;
        same("`flask` was read after it", &bench.read(&flask)?, &Some(version.clone()))?;
    }
    Ok(())
}

/// Revisions that the package does not have now: those of its earlier versions, of a deleted
/// package of the same name and of another package, and a future one.
fn other_revisions<S: Subject>(bench: &Bench<'_, S>) -> Checked<Vec<Revision>> {
    let flask = name("flask");
    let first_life = bench.add(&full("Flask"))?;
    bench.remove(&flask)?;
    let created = bench.add(&full("Flask"))?;
    let changed = bench.change(&flask, &details("one"))?;
    let current = bench.change(&flask, &details("two"))?;
    let other = bench.add(&full("django"))?;
    let versions = [first_life, created, changed, other];
    let mut revisions: Vec<_> = versions.iter().map(Stored::revision).collect();
    revisions.extend([Revision::new(0), current.revision().next(), Revision::new(u64::MAX)]);
    revisions.retain(|revision| *revision != current.revision());
    Ok(revisions)
}

fn update_stale<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    let revisions = other_revisions(bench)?;
    let current = bench.read(&flask)?;
    let stale = current.map(Update::Stale);
    for revision in revisions {
        for (which, short_desc) in [("other", "three"), ("the same", "two")] {
            let done = format!(
                "`flask` was updated with {which} details, expecting revision {revision}, which it \
                 is not in",
            );
            let details = details(short_desc);
            let answer =
                bench.writes_nothing(&done, || bench.update(&flask, Some(revision), &details))?;
            same(done, &Some(answer), &stale)?;
        }
    }
    Ok(())
}

fn update_absent<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let other = bench.add(&full("django"))?;
    let gone = bench.add(&full("flask"))?;
    bench.remove(&name("flask"))?;
    for absent in ["flask", "typer"] {
        for expected in [None, Some(gone.revision()), Some(other.revision())] {
            let done = format!("`{absent}` was updated, which does not exist");
            let answer = bench
                .writes_nothing(&done, || bench.update(&name(absent), expected, &details("new")))?;
            same(done, &answer, &Update::Absent)?;
        }
    }
    Ok(())
}

fn deleted<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let mut left = bench.add_all(&numbered("p", 12))?;
    // Packages are deleted at the ends and in the middle. If a store moves other packages into the
    // gaps, it must still find them.
    for at in [11, 0, 5, 5, 0, 0] {
        let gone = normalized(&left.remove(at));
        bench.remove(&gone)?;
        same(format!("`{gone}` was deleted and read"), &bench.read(&gone)?, &None)?;
        let done = format!("`{gone}` was deleted and all others listed");
        same(done, &bench.page()?.items, &left)?;
        for version in &left {
            let name = normalized(version);
            let done = format!("`{gone}` was deleted and `{name}` read");
            same(done, &bench.read(&name)?, &Some(version.clone()))?;
        }
        let done = format!("`{gone}` was deleted twice");
        let again = bench.writes_nothing(&done, || bench.delete(&gone, None))?;
        same(done, &again, &Delete::Absent)?;
    }
    Ok(())
}

fn delete_expected<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    bench.add(&full("Flask"))?;
    let version = bench.change(&flask, &details("new"))?;
    let answer = bench.delete(&flask, Some(version.revision()))?;
    same("`flask` was deleted in its own revision", &answer, &Delete::Deleted)?;
    same("`flask` was read after it", &bench.read(&flask)?, &None)?;
    let done = "`flask` was deleted again in the revision it had";
    let again = bench.writes_nothing(done, || bench.delete(&flask, Some(version.revision())))?;
    same(done, &again, &Delete::Absent)
}

fn delete_stale<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    let revisions = other_revisions(bench)?;
    let stale = bench.read(&flask)?.map(Delete::Stale);
    for revision in revisions {
        let done =
            format!("`flask` was deleted, expecting revision {revision}, which it is not in");
        let answer = bench.writes_nothing(&done, || bench.delete(&flask, Some(revision)))?;
        same(done, &Some(answer), &stale)?;
    }
    Ok(())
}

fn created_anew<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    bench.add(&full("Flask"))?;
    for spelling in ["FLASK", "flask", "FlasK"] {
        bench.remove(&flask)?;
        let version = bench.add(&described(spelling, "anew"))?;
        let done = format!("`flask` was deleted, created anew as `{spelling}`, and read");
        same(done, &bench.read(&flask)?, &Some(version))?;
    }
    Ok(())
}

fn one_version<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let flask = name("flask");
    bench.add(&full("Flask"))?;
    let version = bench.change(&flask, &details("new"))?;
    let one = Some(version.clone());
    same("the only package was read", &bench.read(&flask)?, &one)?;
    same("the only package was drawn", &bench.random(seed())?, &one)?;
    let sample = bench.sample(at_least_one(1), None, seed())?;
    same("the only package was sampled", &sample, &vec![version.clone()])?;
    let listed = bench.page()?.items;
    same("the only package was listed", &listed, &vec![version.clone()])?;
    let created = bench.create(&described("FLASK", ""))?;
    same("the only package was created again", &created, &Create::Exists(version.clone()))?;
    let updated = bench.update(&flask, None, &version.package().details)?;
    same("the only package was updated with its details", &updated, &Update::Unchanged(version))
}

fn identity<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    let id = bench.id()?;
    same("the identity was read twice", &bench.id()?, &id)?;
    bench.add(&full("flask"))?;
    bench.remove(&name("flask"))?;
    same("the identity was read before and after writes", &bench.id()?, &id)?;
    let other = Bench::new(bench.subject).id()?;
    let done = "the identities of two new stores were read";
    ensure(other != id, done, format!("another than {id}"), &other)
}

fn refreshed<S: Subject>(bench: &Bench<'_, S>) -> Checked {
    bench.refresh()?;
    let version = bench.add(&full("flask"))?;
    bench.refresh()?;
    let read = bench.read(&name("flask"))?;
    same("a package was created, the store refreshed and it read", &read, &Some(version))?;
    bench.remove(&name("flask"))?;
    bench.refresh()?;
    same("it was deleted, the store refreshed and it read", &bench.read(&name("flask"))?, &None)
}
