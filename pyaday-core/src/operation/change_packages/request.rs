//! The body of a request to change many packages.

use std::collections::BTreeSet;

use memchr::memchr3_iter;
use serde_json::{Map, Value};

use crate::package::{
    Errors, Fields, InvalidPackage, InvalidValue, MISSING, NormalizedName, Package, PackageError,
    Stored, Tags, string,
};
use crate::search::Search;
use crate::store::{Query, Selected};

/// How many packages a request can change at most.
pub(crate) const MAX_PACKAGES: usize = 20_000;

/// Which packages are to be changed, and how.
#[derive(Debug)]
pub(super) struct BulkRequest {
    pub(super) select: Select,
    pub(super) edit: Edit,
}

/// Which packages are to be changed.
#[derive(Debug)]
pub(super) enum Select {
    /// The packages of these names.
    Names(BTreeSet<NormalizedName>),
    /// The packages that a list with these parameters has.
    Query(Box<Query>),
}

/// What is done to each package.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    Delete,
    Tags { add: Tags, remove: Tags },
}

/// A package would have too many tags.
pub(super) struct TooManyTags;

impl Edit {
    /// The package after the edit. `None` if it is deleted.
    ///
    /// An edit of tags reads the package from its representation, which takes about 5 microseconds
    /// for a small package and several hundred for the largest.
    pub(super) fn apply(&self, before: &Stored) -> Result<Option<Package>, TooManyTags> {
        let Self::Tags { add, remove } = self else {
            return Ok(None);
        };
        let mut package = before.package();
        let tags = package.details.tags.iter().filter(|tag| !remove.contains(tag));
        let tags: BTreeSet<_> = tags.chain(add.iter()).cloned().collect();
        package.details.tags = Tags::try_from(tags).map_err(|_| TooManyTags)?;
        Ok(Some(package))
    }
}

impl BulkRequest {
    /// The number of JSON values of which a body can consist at most. With more of them, it is
    /// refused without being read, because each value takes many times its own length in memory.
    const MAX_VALUES: usize = MAX_PACKAGES + 1_000;

    pub(super) fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        // A value begins the text, or follows a comma or the beginning of an array or object.
        if memchr3_iter(b',', b'[', b'{', text).count() > Self::MAX_VALUES {
            let rule = format!(
                "must have at most {MAX_PACKAGES} names, and at most {} tags in each list",
                Tags::MAX
            );
            return Err(InvalidPackage::one("", rule).into());
        }
        let Fields(mut members) = Fields::from_json(text)?;
        let mut errors = Errors::default();
        let select = read_select(members.shift_remove("select"), &mut errors);
        let edit = read_edit(&mut members, &mut errors);
        errors.unknown("", &members, "is not a member of this request");
        match (select, edit) {
            (Some(select), Some(edit)) if errors.is_empty() => Ok(Self { select, edit }),
            _ => Err(errors.into_invalid().into()),
        }
    }
}

/// Reads the member `select`, and records its faults.
fn read_select(select: Option<Value>, errors: &mut Errors) -> Option<Select> {
    const PLACE: &str = "/select";

    let members = select.ok_or_else(|| InvalidValue::new(MISSING)).and_then(|value| match value {
        Value::Object(members) => Ok(members),
        _ => Err(InvalidValue::new("must be an object")),
    });
    let mut members = errors.take(PLACE, members)?;
    let [names, search, tag] = ["names", "q", "tag"].map(|name| members.shift_remove(name));
    errors.unknown(PLACE, &members, "is not a member of `select`");
    if names.is_some() && (search.is_some() || tag.is_some()) {
        errors.push(PLACE.to_owned(), "must have either `names`, or `q` and `tag`");
        return None;
    }
    match names {
        Some(names) => read_names(names, errors).map(Select::Names),
        None => read_query(search, tag, errors),
    }
}

/// Reads the names. Each fault gets the pointer of its own element.
fn read_names(names: Value, errors: &mut Errors) -> Option<BTreeSet<NormalizedName>> {
    const PLACE: &str = "/select/names";

    let Value::Array(items) = names else {
        errors.push(PLACE.to_owned(), "must be an array of strings");
        return None;
    };
    if items.len() > MAX_PACKAGES {
        let count = items.len();
        errors.push(
            PLACE.to_owned(),
            format!("must be at most {MAX_PACKAGES} names, not {count}: make several requests"),
        );
        return None;
    }
    let mut names = BTreeSet::new();
    for (at, item) in items.into_iter().enumerate() {
        match string(item).and_then(|text| text.parse()) {
            Ok(name) => drop(names.insert(name)),
            Err(invalid) => errors.push(format!("{PLACE}/{at}"), invalid.into_rule()),
        }
    }
    Some(names)
}

/// Reads the parameters of a list.
fn read_query(search: Option<Value>, tag: Option<Value>, errors: &mut Errors) -> Option<Select> {
    const ALL: &str = "must not select all packages: it needs `names`, a word in `q`, or a tag in \
                       `tag`";

    let before = errors.len();
    let search = search.and_then(|text| {
        let search = string(text).and_then(|text| text.parse::<Search>());
        errors.take("/select/q", search)
    });
    let tags = tag.map(|tag| errors.tags("/select/tag", tag)).unwrap_or_default();
    if errors.len() > before {
        return None;
    }
    if tags.is_empty() && search.as_ref().is_none_or(Search::is_empty) {
        errors.push("/select".to_owned(), ALL);
        return None;
    }
    let tags = tags.iter().cloned().collect();
    Some(Select::Query(Box::new(Query { search, tags, ..Query::new(Selected::MAX_PAGE) })))
}

/// Reads the members that say what is done, and records their faults.
fn read_edit(members: &mut Map<String, Value>, errors: &mut Errors) -> Option<Edit> {
    let before = errors.len();
    let [add, remove] = ["add_tags", "remove_tags"].map(|name| {
        let tags = members.shift_remove(name).map(|tags| errors.tags(&format!("/{name}"), tags));
        tags.unwrap_or_default()
    });
    let delete = match members.shift_remove("delete") {
        None => Ok(false),
        Some(Value::Bool(delete)) => Ok(delete),
        Some(_) => Err(InvalidValue::new("must be true or false")),
    };
    let delete = errors.take("/delete", delete)?;
    if errors.len() > before {
        return None;
    }
    if let Some(both) = add.iter().find(|tag| remove.contains(tag)) {
        let rule = format!("must not have the tag {both}, which `add_tags` has too");
        errors.push("/remove_tags".to_owned(), rule);
        return None;
    }
    match (delete, add.is_empty() && remove.is_empty()) {
        (true, true) => Some(Edit::Delete),
        (false, false) => Some(Edit::Tags { add, remove }),
        (true, false) => {
            errors.push("/delete".to_owned(), "must not be true if tags are added or removed");
            None
        }
        (false, true) => {
            let rule = "must say what to do: `add_tags`, `remove_tags` or `\"delete\":true`";
            errors.push(String::new(), rule);
            None
        }
    }
}
