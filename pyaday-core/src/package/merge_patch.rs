//! Changes of a package as a JSON Merge Patch (RFC 7396).

use serde_json::{Map, Value};

use super::error::{InvalidPackage, PackageError};
use super::reading::Fields;
use super::representation::Package;
use super::stored::Stored;

/// A change of a package: a JSON Merge Patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396))
/// for its representation.
#[derive(Clone, Debug, PartialEq)]
pub struct MergePatch(Map<String, Value>);

impl MergePatch {
    /// The patch with these members, which were read by the rules of packages.
    #[cfg(feature = "import")]
    pub(crate) fn of_members(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Reads a patch.
    ///
    /// # Errors
    /// The text is not strict JSON (the error has the position), or it is not an object. By RFC
    /// 7396, a patch that is not an object would replace the package with a value that is not a
    /// package.
    pub fn from_json(text: &[u8]) -> Result<Self, PackageError> {
        Fields::from_json(text).map(|Fields(members)| Self(members))
    }

    /// Returns the package with the patch applied.
    ///
    /// # Errors
    /// All faults of the resulting fields.
    pub fn apply(&self, package: &Package) -> Result<Package, InvalidPackage> {
        self.apply_to(Fields::of(package))
    }

    /// Returns the package of a version with the patch applied.
    pub(crate) fn apply_to_version(&self, version: &Stored) -> Result<Package, InvalidPackage> {
        self.apply_to(Fields::of_representation(&version.representation()))
    }

    fn apply_to(&self, Fields(mut members): Fields) -> Result<Package, InvalidPackage> {
        merge(&mut members, &self.0);
        Fields(members).into_package()
    }
}

/// RFC 7396 §2, for objects.
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
