//! Changes of a package as a JSON Merge Patch (RFC 7396).

use serde_json::{Map, Value};

use super::error::{InvalidPackage, PackageError};
use super::reading::{Fields, NameIs};
use super::representation::Package;

/// What to change about a package: a JSON Merge Patch
/// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)) of its representation.
#[derive(Clone, Debug, PartialEq)]
pub struct MergePatch(Map<String, Value>);

impl MergePatch {
    /// Reads a patch.
    ///
    /// # Errors
    /// The place where the text is not strict JSON, or that it is no object: a patch of another
    /// type would replace the package by something that is none.
    pub fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        Fields::from_json(text).map(|Fields(members)| Self(members))
    }

    /// What a package is with the patch applied.
    ///
    /// # Errors
    /// All faults of the fields that come out.
    pub fn apply(&self, package: &Package) -> Result<Package, InvalidPackage> {
        let mut merged = match serde_json::to_value(package) {
            Ok(Value::Object(members)) => members,
            // A package is an object and its keys are strings: there is no way to come here.
            _ => Map::new(),
        };
        merge(&mut merged, &self.0);
        let (name, details) = Fields(merged).complete(NameIs::Required)?;
        Ok(Package { name: name.unwrap_or_else(|| package.name.clone()), details })
    }
}

/// RFC 7396 §2, on objects.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match (value, target.get_mut(key)) {
            (Value::Null, _) => {
                target.shift_remove(key);
            }
            (Value::Object(patch), Some(Value::Object(target))) => merge(target, patch),
            (Value::Object(patch), _) => {
                let mut members = Map::new();
                merge(&mut members, patch);
                target.insert(key.clone(), Value::Object(members));
            }
            (value, _) => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}
