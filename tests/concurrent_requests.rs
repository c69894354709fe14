//! Facts about many clients at once.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use pyaday_core::{Api, MemoryStore};

use crate::support::client::{Request, send};
use crate::support::homes::{Actix, Axum, Home, Server};

const CLIENTS: usize = 16;

/// What each of many clients gets that do the same at the same moment.
pub(crate) fn at_once(server: &Server, request: impl Fn(usize) -> Request + Sync) -> Vec<u16> {
    let barrier = Barrier::new(CLIENTS);
    let client = |at| {
        let request = request(at);
        barrier.wait();
        send(server.address, &request).status
    };
    thread::scope(|scope| {
        let client = &client;
        let clients: Vec<_> = (0..CLIENTS).map(|at| scope.spawn(move || client(at))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

fn one_of_many_creates(server: &Server) {
    let spellings = ["a-name", "A-Name", "a_name", "A.NAME"];
    for round in 0..20 {
        let statuses = at_once(server, |at| {
            let name = format!("{}-{round}", spellings[at % spellings.len()]);
            Request::new("POST", "/packages")
                .json(&format!(r#"{{"name":"{name}","short_desc":"{at}"}}"#))
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(BTreeSet::from_iter(statuses), BTreeSet::from([201, 409]));
    }
    // The control: names of their own, which all are created.
    let statuses = at_once(server, |at| {
        Request::new("POST", "/packages").json(&format!(r#"{{"name":"own-{at}","short_desc":""}}"#))
    });
    assert_eq!(statuses, [201; CLIENTS]);
}

#[test]
fn of_many_axum_clients_one_creates_a_name() {
    one_of_many_creates(&Axum::mount("", &Api::new(MemoryStore::new()), None).0);
}

#[test]
fn of_many_actix_clients_one_creates_a_name() {
    one_of_many_creates(&Actix::mount("", &Api::new(MemoryStore::new()), None).0);
}
