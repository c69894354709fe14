//! Reads of the log of changes, in the thread that writes.
//!
//! The file is locked for one connection, whose thread writes, so the same thread reads the log. It does
//! so between two transactions and in parts of about a millisecond each, so that writes do not wait for a
//! long read. The parts of one answer may see different moments, and still agree: what the log says of a
//! moment of the past never changes.

use pyaday_core::{
    Catalogue, Change, ChangeDetails, ChangeOrder, ChangePage, ChangeQuery, ChangedPackage,
    NoHistory, NormalizedName, Past, Revision, StoreError, Stored,
};
use rusqlite::Connection;

use crate::error::OpenFault;
use crate::rows::log::{self, Logged};
use crate::rows::{Extent, Names};

/// The number of changes or packages that one part of an answer has at most.
const PART: usize = 128;

/// The log, and the catalogue that readers see.
pub(crate) struct History<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) extent: Extent,
    pub(crate) now: &'a Catalogue,
}

/// Runs reads of the log, each between two transactions.
pub(crate) trait Ask {
    async fn ask<T: Send + 'static>(
        &self,
        look: impl FnOnce(&History<'_>) -> Result<T, OpenFault> + Send + 'static,
    ) -> Result<T, StoreError>;
}

impl History<'_> {
    /// The next changes that a query looks at.
    fn part(
        &self,
        name: Option<&NormalizedName>,
        order: ChangeOrder,
        count: usize,
    ) -> Result<Past<Vec<Change>>, OpenFault> {
        let Self { connection, extent, now } = *self;
        if let ChangeOrder::After(position) = order
            && !log::has_position(connection, now, extent, position)?
        {
            return Ok(Past::Unknown(NoHistory::Forgotten));
        }
        let changes = match name {
            None => log::list(connection, now, extent, order, count)?,
            Some(name) => log::list_of(connection, now, extent, name, order, count)?,
        };
        Ok(Past::Known(changes))
    }

    /// A change, and the names of its packages after this one, or all if there is none.
    fn logged(
        &self,
        revision: Revision,
        after: Option<&NormalizedName>,
    ) -> Result<Past<Option<Logged>>, OpenFault> {
        // No change has the revision 0, so it is not one that was removed.
        if revision <= self.extent.beginning && revision != Revision::new(0) {
            return Ok(Past::Unknown(NoHistory::Forgotten));
        }
        if revision > self.now.revision() {
            return Ok(Past::Known(None));
        }
        let Some(mut logged) = log::read(self.connection, revision)? else {
            return Ok(Past::Known(None));
        };
        if let Some(after) = after {
            logged.names = logged.names.skip_to_after(self.connection, after)?;
        }
        Ok(Past::Known(Some(logged)))
    }

    /// The names of a change that follow these.
    fn more(&self, revision: Revision, names: &Names) -> Result<Past<Names>, OpenFault> {
        // It may have been removed since the last part.
        if revision <= self.extent.beginning {
            return Ok(Past::Unknown(NoHistory::Forgotten));
        }
        names.next(self.connection).map(Past::Known)
    }

    /// What a change did to some of its packages.
    fn changed(
        &self,
        revision: Revision,
        names: &[NormalizedName],
    ) -> Result<Past<Vec<ChangedPackage>>, OpenFault> {
        // It may have been removed since the last part.
        if revision <= self.extent.beginning {
            return Ok(Past::Unknown(NoHistory::Forgotten));
        }
        log::changed(self.connection, self.now, revision, names).map(Past::Known)
    }

    /// The version that a package had at a revision.
    pub(crate) fn read_at(
        &self,
        name: &NormalizedName,
        revision: Revision,
    ) -> Result<Past<Option<Stored>>, OpenFault> {
        if revision > self.now.revision() {
            Ok(Past::Unknown(NoHistory::NotYet))
        } else if revision < self.extent.beginning {
            Ok(Past::Unknown(NoHistory::Forgotten))
        } else {
            log::version_at(self.connection, self.now, name, revision).map(Past::Known)
        }
    }
}

/// Returns a page of changes.
pub(crate) async fn changes(
    store: &impl Ask,
    query: &ChangeQuery,
) -> Result<Past<ChangePage>, StoreError> {
    let (mut scan, mut order) = (query.scan(), query.order);
    loop {
        let count = scan.ahead().min(PART);
        let name = query.name.clone();
        let part = store.ask(move |history| history.part(name.as_ref(), order, count)).await?;
        let part = match part {
            Past::Known(part) => part,
            Past::Unknown(why) => return Ok(Past::Unknown(why)),
        };
        let is_last = part.len() < count;
        let is_complete = !part.into_iter().all(|change| scan.look(change));
        let Some(last) = scan.last().filter(|_| !is_last && !is_complete) else {
            return Ok(Past::Known(scan.finish()));
        };
        order = order.beyond(last);
    }
}

/// Returns a change and a page of its packages.
pub(crate) async fn change(
    store: &impl Ask,
    revision: Revision,
    after: Option<&NormalizedName>,
    limit: usize,
) -> Result<Past<Option<ChangeDetails>>, StoreError> {
    let from = after.cloned();
    let logged = store.ask(move |history| history.logged(revision, from.as_ref())).await?;
    let Logged { change, mut names, pins } = match logged {
        Past::Known(Some(logged)) => logged,
        Past::Known(None) => return Ok(Past::Known(None)),
        Past::Unknown(why) => return Ok(Past::Unknown(why)),
    };
    let mut packages = Vec::with_capacity(limit.min(change.count));
    while packages.len() < limit && !names.is_empty() {
        if names.needs_more() {
            match store.ask(move |history| history.more(revision, &names)).await? {
                Past::Known(more) => names = more,
                Past::Unknown(why) => return Ok(Past::Unknown(why)),
            }
        }
        let part = names.take(PART.min(limit - packages.len()));
        match store.ask(move |history| history.changed(revision, &part)).await? {
            Past::Known(part) => packages.extend(part),
            Past::Unknown(why) => return Ok(Past::Unknown(why)),
        }
    }
    Ok(Past::Known(Some(ChangeDetails::new(change, packages, !names.is_empty(), pins))))
}
