//! What the owner of a token may do.

use std::borrow::Cow;

use pyaday_core::{Access, Actor, Desk, Options, Problem, ProblemType, Verdict};
use serde_json::{Map, Value};

/// The role of those who may read and write.
pub(super) const WRITER: &str = "writer";

/// The role of those who may only read.
pub(super) const READER: &str = "reader";

/// The role of a request with a token that is not known.
pub(super) const UNKNOWN: &str = "unknown-token";

/// How to sign in (RFC 6750 §3).
const CHALLENGE: &str = "Bearer realm=\"pyaday\"";

/// The same, for a request with a token that is not known (RFC 6750 §3.1).
const UNKNOWN_TOKEN: &str = "Bearer realm=\"pyaday\", error=\"invalid_token\"";

/// What needs a token, and what nobody may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) is_read_only: bool,
    pub(super) writes_need_token: bool,
    pub(super) reads_need_token: bool,
}

impl Policy {
    /// True if anything needs a token.
    pub(super) fn needs_token(self) -> bool {
        self.writes_need_token || self.reads_need_token
    }

    /// Mounts the desk, and adds the guard, if the policy refuses anything.
    pub(super) fn apply(self, options: Options) -> Options {
        if !self.needs_token() && !self.is_read_only {
            return options.desk(Desk::open_to_all());
        }
        let desk = Desk::guarded_by(move |actor, access| self.verdict(actor, access));
        let desk = if self.needs_token() { desk.sign_in_at("sign-in") } else { desk };
        // What anyone may read, any cache may keep.
        options.desk(desk).private(self.reads_need_token)
    }

    fn verdict(self, actor: Option<&Actor>, access: &Access) -> Verdict {
        let has_role = |role| actor.is_some_and(|actor| actor.has_role(role));
        if self.is_read_only && access.is_write() {
            Verdict::Forbidden
        } else if has_role(UNKNOWN) {
            // Also if anyone may do this: otherwise the client would not learn that its token is wrong.
            unauthenticated(UNKNOWN_TOKEN)
        } else if has_role(WRITER) {
            Verdict::Allow
        } else if access.is_write() {
            if has_role(READER) { Verdict::Forbidden } else { unauthenticated(CHALLENGE) }
        } else if self.reads_need_token && !has_role(READER) {
            unauthenticated(CHALLENGE)
        } else {
            Verdict::Allow
        }
    }

    /// Says in the words of this server why it refuses a request, and which option decides that.
    pub(super) fn explain(self, problem: &Problem, members: &mut Map<String, Value>) {
        let detail = match problem.kind() {
            Some(ProblemType::MisdirectedRequest) => {
                "The server does not answer for the host that the request names. Use another name of \
                 the server, or add this one to its option `--hosts`."
            }
            Some(ProblemType::Unauthenticated) => {
                "Sign in, or send a token that the server knows in the field `Authorization: Bearer \
                 TOKEN`."
            }
            Some(ProblemType::Forbidden) if self.is_read_only => {
                "The server is started with `--read-only`, so nothing can be changed here."
            }
            Some(ProblemType::Forbidden) => {
                "This token is for reading. To change something, use a token for writing."
            }
            Some(ProblemType::CrossSite) => {
                "A page of another site may not change anything here, so nothing was changed. To allow \
                 it, add the origin of the page to the server's option `--cors`."
            }
            _ => return,
        };
        members.insert("detail".to_owned(), detail.into());
    }
}

fn unauthenticated(challenge: &'static str) -> Verdict {
    Verdict::Unauthenticated { challenge: Cow::Borrowed(challenge) }
}
