//! What becomes of the rows of an import, and the write that does it.

use pyaday_core::import::{Counts, Effect, Import, OnExisting, Preview, ReaderBuilder, Row};
use pyaday_core::{
    Batched, ChangeKind, MemoryStore, Package, PackageStore, Replacement, Tag, Tags, Write,
};

fn rows(text: &str) -> Vec<Row> {
    ReaderBuilder::new().partial(true).open(text.as_bytes()).unwrap().map(Result::unwrap).collect()
}

/// A store with the packages of these lines of JSON.
async fn store(packages: &str) -> MemoryStore {
    let store = MemoryStore::new();
    for line in packages.lines() {
        let package = Package::from_json(line.as_bytes()).unwrap();
        store.create(package, Write::new()).await.unwrap();
    }
    store
}

async fn preview(store: &MemoryStore, import: &Import, text: &str) -> Preview {
    import.preview(store, &rows(text)).await.unwrap()
}

/// What becomes of each row: its line, its effect, and what is to be said about it.
fn effects(preview: &Preview) -> Vec<String> {
    let lines = preview.rows.iter().map(|row| {
        let mut line = format!("{} {}", row.line, row.effect.as_str());
        match &row.effect {
            Effect::Changed(members) => line += &format!(" {}", members.join(",")),
            Effect::Refused(refusal) => line += &format!(" {:?} {refusal}", refusal.pointer()),
            _ => {}
        }
        if let Some(name) = &row.look_alike {
            line += &format!(" like {name}");
        }
        line
    });
    lines.collect()
}

async fn packages(store: &MemoryStore) -> Vec<String> {
    let page = store.list(&pyaday_core::Query::new(std::num::NonZeroUsize::MAX)).await.unwrap();
    let texts =
        page.items.iter().map(|it| String::from_utf8(it.representation().to_vec()).unwrap());
    texts.collect()
}

const FLASK: &str = r#"{"name":"Flask","short_desc":"old","tags":["web"],"metadata":{"a":1}}"#;
const SANIC: &str = r#"{"name":"sanic","short_desc":"fast"}"#;

#[tokio::test]
async fn the_write_does_what_the_preview_says() {
    let text = "{\"name\":\"flask\",\"short_desc\":\"new\",\"metadata\":{\"b\":2}}\n\
                {\"name\":\"sanic\",\"short_desc\":\"fast\"}\n\
                {\"name\":\"Quart\",\"short_desc\":\"async\"}\n\
                {\"name\":\"bottle\"}\n\
                {\"name\":\"-\",\"short_desc\":\"\"}\n";
    let no_summary = "4 refused \"/short_desc\" the catalogue does not have the package yet, and the row has \
                      no `summary` to add one with";
    let no_name = "5 refused \"/name\" /name must begin and end with an ASCII letter or digit";
    let not_whole = "4 refused \"/short_desc\" there is no `summary` or `short_desc`";
    let flask = FLASK.replace("old", "new").replace("\"a\":1", "\"a\":1,\"b\":2");
    let quart = r#"{"name":"Quart","short_desc":"async"}"#;
    for (on_existing, expected, after) in [
        (
            OnExisting::Update,
            ["1 changed short_desc,metadata", "2 same", "3 added", no_summary, no_name],
            [&*flask, quart, SANIC],
        ),
        (
            OnExisting::Skip,
            ["1 present", "2 present", "3 added", not_whole, no_name],
            [FLASK, quart, SANIC],
        ),
        (
            OnExisting::Error,
            ["1 present", "2 present", "3 added", not_whole, no_name],
            [FLASK, quart, SANIC],
        ),
    ] {
        let store = store(&format!("{FLASK}\n{SANIC}")).await;
        let import = Import::new().on_existing(on_existing);
        let preview = preview(&store, &import, text).await;
        assert_eq!(effects(&preview), expected, "{on_existing}");
        assert_eq!(packages(&store).await, [FLASK, SANIC], "a preview writes nothing");
        let written = store.write_batch(preview.batch, Write::new()).await.unwrap();
        assert!(matches!(written, Batched::Written(_)), "{on_existing}");
        assert_eq!(packages(&store).await, after, "{on_existing}");
    }
}

#[tokio::test]
async fn a_package_that_another_client_changes_in_between_is_a_conflict_with_an_update() {
    for on_existing in OnExisting::ALL {
        for text in ["name,summary\nflask,new\n", "name,summary\nflask,old\n"] {
            let store = store(FLASK).await;
            let import = Import::new().on_existing(*on_existing);
            let preview = preview(&store, &import, text).await;
            let other = Package::new("flask", "theirs").unwrap();
            store
                .update(&other.name.normalized(), Replacement::from(other.clone()), Write::new())
                .await
                .unwrap();
            let written = store.write_batch(preview.batch, Write::new()).await.unwrap();
            // If existing packages stay as they are, their content does not matter.
            match (on_existing, written) {
                (OnExisting::Update, Batched::Conflict(conflict)) => {
                    assert_eq!(conflict.packages, [other.name.normalized()]);
                }
                (OnExisting::Skip | OnExisting::Error, Batched::Unwritten(_)) => {}
                (_, written) => panic!("{on_existing}: {written:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_package_that_another_client_adds_in_between_is_a_conflict() {
    let store = store("").await;
    let preview = preview(&store, &Import::new(), "name,summary\nflask,new\nquart,\n").await;
    store.create(Package::new("FLASK", "theirs").unwrap(), Write::new()).await.unwrap();
    let written = store.write_batch(preview.batch, Write::new()).await.unwrap();
    assert!(matches!(written, Batched::Conflict(_)), "{written:?}");
    assert_eq!(packages(&store).await.len(), 1);
}

#[tokio::test]
async fn rows_about_one_package_are_taken_in_their_order() {
    let text = "{\"name\":\"a\",\"short_desc\":\"one\",\"metadata\":{\"x\":1}}\n\
                {\"name\":\"A\",\"metadata\":{\"y\":2}}\n\
                {\"name\":\"a\",\"short_desc\":\"two\"}\n\
                {\"name\":\"a\",\"short_desc\":\"two\"}\n";
    for (on_existing, expected, after) in [
        (
            OnExisting::Update,
            ["1 added", "2 changed metadata", "3 changed short_desc", "4 same"],
            r#"{"name":"a","short_desc":"two","metadata":{"x":1,"y":2}}"#,
        ),
        (
            OnExisting::Skip,
            ["1 added", "2 present", "3 present", "4 present"],
            r#"{"name":"a","short_desc":"one","metadata":{"x":1}}"#,
        ),
    ] {
        let store = MemoryStore::new();
        let import = Import::new().on_existing(on_existing);
        let preview = preview(&store, &import, text).await;
        assert_eq!(effects(&preview), expected);
        store.write_batch(preview.batch, Write::new()).await.unwrap();
        assert_eq!(packages(&store).await, [after]);
    }
}

fn tags(tags: &[&str]) -> Tags {
    tags.iter()
        .map(|tag| tag.parse::<Tag>().unwrap())
        .collect::<std::collections::BTreeSet<_>>()
        .try_into()
        .unwrap()
}

#[tokio::test]
async fn tags_are_added_to_what_the_import_adds_or_updates() {
    let text = "name,summary,tags\nflask,old,\nquart,,async\n";
    for (on_existing, expected, flask) in [
        (OnExisting::Update, ["2 changed tags", "3 added"], FLASK.replace("[", "[\"new\",")),
        (OnExisting::Skip, ["2 present", "3 added"], FLASK.to_owned()),
    ] {
        let store = store(FLASK).await;
        let import = Import::new().on_existing(on_existing).tags(tags(&["new"]));
        let preview = preview(&store, &import, text).await;
        assert_eq!(effects(&preview), expected);
        store.write_batch(preview.batch, Write::new()).await.unwrap();
        let quart = r#"{"name":"quart","short_desc":"","tags":["async","new"]}"#;
        assert_eq!(packages(&store).await, [&*flask, quart]);
    }
}

#[tokio::test]
async fn a_row_with_too_many_tags_is_refused() {
    let many: Vec<_> = (0..32).map(|at| format!("tag{at}")).collect();
    let text = format!("name,summary,tags\na,,{}\nb,,\n", many.join(" "));
    let import = Import::new().tags(tags(&["new"]));
    let preview = preview(&MemoryStore::new(), &import, &text).await;
    let reason = "the tags, with those that the import adds, must be at most 32 tags";
    assert_eq!(effects(&preview), [&*format!("2 refused \"/tags\" {reason}"), "3 added"]);
    assert_eq!(preview.counts(), {
        let mut counts = Counts::default();
        (counts.added, counts.refused) = (1, 1);
        counts
    });
}

#[tokio::test]
async fn new_names_that_look_like_others_are_reported() {
    let text = "name,summary\nf1ask,\nFLASK,\nsan-ic,\nquart,\nQ-UART,\nbottle,\n";
    let store = store(&format!("{FLASK}\n{SANIC}")).await;
    let expected = [
        "2 added like Flask",
        "3 present",
        "4 added like sanic",
        "5 added",
        "6 added like quart",
        "7 added",
    ];
    assert_eq!(effects(&preview(&store, &Import::new(), text).await), expected);
    let without = Import::new().look_alikes(false);
    assert!(preview(&store, &without, text).await.rows.iter().all(|row| row.look_alike.is_none()));
}

#[tokio::test]
async fn a_package_that_was_deleted_after_its_import_stays_deleted_if_that_is_wanted() {
    let text = "name,summary\nflask,A\nquart,B\nbottle,C\n";
    let store = MemoryStore::new();
    let first = preview(&store, &Import::new(), "name,summary\nflask,A\nsanic,S\n").await;
    store.write_batch(first.batch, Write::new()).await.unwrap();
    store.create(Package::new("quart", "by hand").unwrap(), Write::new()).await.unwrap();
    for name in ["flask", "quart"] {
        store.delete(&name.parse().unwrap(), Write::new()).await.unwrap();
    }
    let keep = Import::new().keep_deleted(true);
    let kept = preview(&store, &keep, text).await;
    // What was never imported is added, whether or not it was deleted.
    assert_eq!(effects(&kept), ["2 deleted", "3 added", "4 added"]);
    // The control.
    let all = preview(&store, &Import::new(), text).await;
    assert_eq!(effects(&all), ["2 added", "3 added", "4 added"]);
    // An import whose undo has removed the package counts too.
    store.write_batch(all.batch, Write::new()).await.unwrap();
    let undo = pyaday_core::Batch::new(ChangeKind::Undo);
    let bottle = "bottle".parse().unwrap();
    let version = store.read(&bottle).await.unwrap().unwrap();
    store.write_batch(undo.remove(bottle, &version), Write::new()).await.unwrap();
    assert_eq!(
        effects(&preview(&store, &keep, text).await),
        ["2 present", "3 present", "4 deleted"]
    );
}

#[tokio::test]
async fn an_import_that_changes_nothing_is_no_write() {
    let store = store(FLASK).await;
    for on_existing in OnExisting::ALL {
        let import = Import::new().on_existing(*on_existing);
        let preview = preview(&store, &import, FLASK).await;
        let written = store.write_batch(preview.batch, Write::new()).await.unwrap();
        assert!(matches!(written, Batched::Unwritten(_)), "{written:?}");
    }
}
