//! The table of all operations, and the endpoints that it makes.

use std::marker::PhantomData;

use super::command::{Decoded, Row};
use super::operate;
use super::read_package::ReadPackage;
use super::read_random_package::ReadRandomPackage;
use crate::catalogue::MemoryStore;
use crate::http::{Api, Blueprint, Endpoint, Operation};
use crate::store::PackageStore;

/// The rows of all operations, for one type of store.
pub(super) struct Table<S>(PhantomData<S>);

impl<S: PackageStore> Table<S> {
    /// One line for each operation. The operations of one path stand together, in the order of the
    /// field `Allow`. A fixed path stands before a path with a variable in the same place, because
    /// some routers try the paths in this order.
    pub(super) const ROWS: &'static [Row<S>] = &[
        Row::of::<super::list_packages::ListPackages>(),
        Row::of::<super::create_package::CreatePackage>(),
        Row::without_box::<ReadPackage>(|options, parts, body| {
            operate::decode(options, parts, body).map(Decoded::ReadPackage)
        }),
        Row::of::<super::update_package::UpdatePackage>(),
        Row::of::<super::patch_package::PatchPackage>(),
        Row::of::<super::delete_package::DeletePackage>(),
        Row::without_box::<ReadRandomPackage>(|options, parts, body| {
            operate::decode(options, parts, body).map(Decoded::ReadRandomPackage)
        }),
        Row::of::<super::read_today::ReadToday>(),
        Row::of::<super::read_atom_feed::ReadAtomFeed>(),
        Row::of::<super::read_json_feed::ReadJsonFeed>(),
        Row::of::<super::list_pins::ListPins>(),
        Row::of::<super::read_pin::ReadPin>(),
        Row::of::<super::pin_day::PinDay>(),
        Row::of::<super::unpin_day::UnpinDay>(),
        Row::of::<super::read_day::ReadDay>(),
        Row::of::<super::list_changes::ListChanges>(),
        Row::of::<super::change_packages::ChangePackages>(),
        Row::of::<super::read_change::ReadChange>(),
        Row::of::<super::undo_change::UndoChange>(),
        #[cfg(feature = "import")]
        Row::of::<super::import_packages::ImportPackages>(),
        Row::of::<super::export_packages::ExportPackages>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_packages::ShowPackages>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_package::ShowPackage>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_days::ShowDays>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_day::ShowDay>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_changes::ShowChanges>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_change::ShowChange>(),
        #[cfg(all(feature = "desk", feature = "import"))]
        Row::of::<super::show_import::ShowImport>(),
        #[cfg(feature = "desk")]
        Row::of::<super::show_asset::ShowAsset>(),
        Row::of::<super::read_openapi::ReadOpenApi>(),
    ];
}

/// These facts are the same for every store.
const COUNT: usize = Table::<MemoryStore>::ROWS.len();

const OPERATIONS: &[Operation] = &{
    let rows = Table::<MemoryStore>::ROWS;
    let mut operations = [rows[0].operation; COUNT];
    let mut at = 1;
    while at < COUNT {
        operations[at] = rows[at].operation;
        at += 1;
    }
    operations
};

/// Returns the index after the last operation of the path whose operations begin at `first`.
const fn end(first: usize) -> usize {
    let mut at = first + 1;
    while at < COUNT && has_path_of(OPERATIONS[at], OPERATIONS[first]) {
        at += 1;
    }
    at
}

const fn has_path_of(one: Operation, other: Operation) -> bool {
    let (left, right) = (one.path().as_bytes(), other.path().as_bytes());
    if one.blueprint() as u8 != other.blueprint() as u8 || left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

const ENDPOINTS: &[Endpoint] = &{
    const LENGTH: usize = {
        let (mut first, mut length) = (0, 0);
        while first < COUNT {
            first = end(first);
            length += 1;
        }
        length
    };
    let mut endpoints = [const { Endpoint::new(OPERATIONS, 0) }; LENGTH];
    let (mut first, mut at) = (0, 0);
    while first < COUNT {
        let (before, _) = OPERATIONS.split_at(end(first));
        endpoints[at] = Endpoint::new(before.split_at(first).1, first);
        first = end(first);
        at += 1;
    }
    endpoints
};

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = OPERATIONS;
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = ENDPOINTS;

    /// Finds the endpoint of a path, for a host without a router.
    ///
    /// `path` is in the form that the client sent (percent-encoded, without a query), and without
    /// the host's prefix. It begins with `/`, and all blueprints are mounted at their default
    /// paths.
    ///
    /// ```
    /// use pyaday_core::Endpoint;
    ///
    /// let endpoint = Endpoint::find("/packages/flask").unwrap();
    /// assert_eq!(endpoint.path(), "/{name}");
    /// assert_eq!(endpoint.allow(), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    /// assert!(Endpoint::find("/packages/").is_none());
    /// ```
    #[must_use]
    pub fn find(path: &str) -> Option<&'static Self> {
        Self::ALL
            .iter()
            .find(|endpoint| endpoint.split_mount(path) == Some(endpoint.blueprint().path()))
    }
}

impl<S> Api<S> {
    /// The endpoints that the options mount: what an adapter registers.
    ///
    /// These are all endpoints, except for those of the desk if [`Options::desk`](crate::Options)
    /// was not set.
    pub fn endpoints(&self) -> impl Iterator<Item = &'static Endpoint> {
        let options = self.options();
        Endpoint::ALL.iter().filter(move |endpoint| options.mounts(endpoint.blueprint()))
    }

    /// The endpoints of one blueprint that the options mount, for a host that chooses its path.
    pub fn endpoints_of(&self, blueprint: Blueprint) -> impl Iterator<Item = &'static Endpoint> {
        self.endpoints().filter(move |endpoint| endpoint.blueprint() == blueprint)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_operation_has_a_name_and_each_path_an_endpoint_of_its_own() {
        let names: HashSet<_> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        assert_eq!(names.len(), Operation::ALL.len());
        let paths: HashSet<_> = Endpoint::ALL.iter().map(Endpoint::full_path).collect();
        assert_eq!(paths.len(), Endpoint::ALL.len());
    }

    #[test]
    fn each_endpoint_finds_its_rows_by_method() {
        let of_all = Endpoint::ALL.iter().flat_map(Endpoint::operations);
        assert!(of_all.eq(Operation::ALL));
        for endpoint in Endpoint::ALL {
            for operation in endpoint.operations() {
                let row = endpoint.row(operation.method()).map(|at| Operation::ALL[at]);
                assert_eq!(row, Some(*operation));
            }
        }
    }

    #[test]
    fn operations_that_take_a_body_report_what_is_wrong_with_it() {
        use crate::http::ProblemType as P;
        for operation in Operation::ALL {
            let problems = operation.facts().problems;
            let takes_body = operation.media_type().is_some();
            let malformed = operation.facts().body.as_ref().map(|body| body.malformed);
            let malformed = malformed.unwrap_or(P::MalformedJson);
            for kind in [P::UnsupportedMediaType, P::ContentTooLarge, malformed] {
                assert_eq!(problems.contains(&kind), takes_body, "{operation:?} {kind:?}");
            }
        }
    }
}
