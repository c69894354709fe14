//! Follows all links of all pages, as a client does.

use std::collections::{BTreeSet, VecDeque};

use pyaday_core::conformance::http::Mounted;
use pyaday_core::{Api, PackageStore};
use url::Url;

use super::page::Page;
use crate::support::client::Request;

/// Where a catalogue is mounted, and where its clients find it.
#[derive(Clone, Copy)]
pub(super) struct Mount {
    /// The prefix in the framework, which may have a variable.
    prefix: &'static str,
    /// What requests that arrive at the server have instead of the prefix.
    pub(super) target: &'static str,
    /// What clients have instead of it. A proxy may remove a part.
    pub(super) client: &'static str,
}

pub(super) const MOUNTS: [Mount; 5] = [
    Mount { prefix: "", target: "", client: "" },
    Mount { prefix: "/api", target: "/api", client: "/api" },
    Mount { prefix: "/t/{tenant}/x", target: "/t/1/x", client: "/t/1/x" },
    Mount { prefix: "", target: "", client: "/pyaday" },
    Mount { prefix: "/api", target: "/api", client: "/pyaday/v1/api" },
];

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// How many pages are looked at. The months of the calendar go on for ever.
const MOST: usize = 400;

/// Looks at the pages of these paths, and at everything that they link to. Returns how many URLs that were.
#[track_caller]
pub(super) fn crawl<M: Mounted, S: PackageStore>(
    api: &Api<S>,
    mount: Mount,
    paths: &[&str],
) -> usize {
    let mounted = M::mount(mount.prefix, api, None);
    let base = Url::parse("http://test").unwrap();
    let start = |path: &&str| base.join(&format!("{}{path}", mount.client)).unwrap();
    let mut queue: VecDeque<_> = paths.iter().map(start).collect();
    let mut known: BTreeSet<_> = queue.iter().cloned().collect();
    let mut looked_at = 0;
    while let Some(url) = queue.pop_front() {
        looked_at += 1;
        if looked_at > MOST {
            break;
        }
        let path = url.path().strip_prefix(mount.client);
        let path = path.unwrap_or_else(|| panic!("{url} is outside of {}", mount.client));
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let answer =
            mounted.answer(&Request::new("GET", &format!("{}{path}{query}", mount.target)));
        assert!(is_expected(&url, answer.status), "{url} is answered {}", answer.status);
        if answer.header("content-type") != Some("text/html; charset=utf-8") {
            continue;
        }
        assert_eq!(answer.header("content-security-policy"), Some(POLICY), "{url}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{url}");
        let page = Page::parse(&answer.text());
        assert_eq!(page.faults(), Vec::<String>::new(), "{url}");
        for (link, is_external) in page.urls().filter(|(link, _)| *link != "data:,") {
            if is_external {
                assert!(link.starts_with("https://"), "{url} links to {link}");
                continue;
            }
            assert!(!link.starts_with('/') && !link.contains("://"), "{url} links to {link}");
            let mut target = url.join(link).unwrap();
            target.set_fragment(None);
            if known.insert(target.clone()) {
                queue.push_back(target);
            }
        }
    }
    looked_at
}

/// A link to a month of the far future is one of a calendar without days. A search may be refused because
/// of what somebody has typed.
fn is_expected(url: &Url, status: u16) -> bool {
    status == 200 || status == 400 && url.query().is_some_and(|query| query.starts_with("q="))
}
