//! Requests and outcomes of any operation, and the rows of the table of operations.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};

use super::operate::{self, Operate, Performed};
use super::read_package::ReadPackage;
use super::read_random_package::ReadRandomPackage;
use crate::daily::Date;
use crate::http::{Api, Body, Endpoint, Operation, Options, Problem};
use crate::package::NormalizedName;
use crate::store::PackageStore;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The last step of an operation, as a closure that owns the result.
type Encode = Box<dyn FnOnce(&Options) -> Response<Body> + Send>;

/// The second half of the first step, after the head was accepted.
type Decode<S> = fn(&Options, &Parts, &Bytes) -> Result<Decoded<S>, Problem>;

/// A decoded request, ready to be [executed](crate::execute).
pub struct Command<S> {
    pub(super) request: Decoded<S>,
}

/// A request of any operation. Web frameworks move futures in memory, and a future holds this
/// value, so it must be small. All requests are boxed except for the two operations that make up
/// most of the traffic.
pub(super) enum Decoded<S> {
    Methods(&'static Endpoint),
    ReadPackage(ReadPackage),
    ReadRandomPackage(ReadRandomPackage),
    Other(Box<dyn AnyRequest<S>>),
}

/// A boxed request of any operation.
pub(super) trait AnyRequest<S>: fmt::Debug + Send {
    fn operation(&self) -> Operation;
    fn name(&self) -> Option<&NormalizedName>;
    fn date(&self) -> Option<Date>;
    fn execute<'a>(self: Box<Self>, api: &'a Api<S>) -> BoxFuture<'a, Result<Outcome, Problem>>;
}

impl<S: PackageStore, O: Operate> AnyRequest<S> for O {
    fn operation(&self) -> Operation {
        Operation::new(const { &O::FACTS })
    }

    fn name(&self) -> Option<&NormalizedName> {
        Operate::name(self)
    }

    fn date(&self) -> Option<Date> {
        Operate::date(self)
    }

    fn execute<'a>(self: Box<Self>, api: &'a Api<S>) -> BoxFuture<'a, Result<Outcome, Problem>> {
        Box::pin(async move {
            let performed = operate::execute(*self, api).await?;
            let status = status::<O>(&performed);
            let encode = |options: &Options| operate::encode::<O>(options, performed);
            Ok(Outcome { result: Executed::Other(status, Box::new(encode)) })
        })
    }
}

impl<S: PackageStore> Command<S> {
    /// The requested operation. `None` for `OPTIONS`, which asks for the methods of a path.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        self.as_any().map(AnyRequest::operation)
    }

    /// The normalised name of the package that the request is about: the package that the path
    /// names, that is to be added, or that is to be pinned to a day.
    #[must_use]
    pub fn name(&self) -> Option<&NormalizedName> {
        self.as_any()?.name()
    }

    /// The day that the path of the request names, if it names one.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.as_any()?.date()
    }

    fn as_any(&self) -> Option<&dyn AnyRequest<S>> {
        match &self.request {
            Decoded::Methods(_) => None,
            Decoded::ReadPackage(request) => Some(request),
            Decoded::ReadRandomPackage(request) => Some(request),
            Decoded::Other(request) => Some(&**request),
        }
    }
}

impl<S: PackageStore> fmt::Debug for Command<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut command = f.debug_tuple("Command");
        match (&self.request, self.as_any()) {
            (_, Some(request)) => command.field(&request),
            (Decoded::Methods(endpoint), None) => command.field(&endpoint.path()),
            _ => &mut command,
        }
        .finish()
    }
}

/// The result of a command, from which [`encode`](crate::encode) makes the response.
pub struct Outcome {
    pub(super) result: Executed,
}

pub(super) enum Executed {
    Methods(&'static Endpoint),
    ReadPackage(Performed<<ReadPackage as Operate>::Result>),
    ReadRandomPackage(Performed<<ReadRandomPackage as Operate>::Result>),
    Other(StatusCode, Encode),
}

impl Outcome {
    /// The status code of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.result {
            Executed::Methods(_) => StatusCode::NO_CONTENT,
            Executed::ReadPackage(performed) => status::<ReadPackage>(performed),
            Executed::ReadRandomPackage(performed) => status::<ReadRandomPackage>(performed),
            Executed::Other(status, _) => *status,
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outcome").field(&self.status()).finish()
    }
}

fn status<O: Operate>(performed: &Performed<O::Result>) -> StatusCode {
    performed.kind.status(&O::FACTS)
}

/// A row of the table: an operation and the functions that read its requests.
pub(super) struct Row<S> {
    pub(super) operation: Operation,
    pub(super) accept: fn(&Options, &Parts) -> Result<(), Problem>,
    pub(super) decode: Decode<S>,
}

impl<S: PackageStore> Row<S> {
    pub(super) const fn of<O: Operate>() -> Self {
        Self {
            operation: Operation::new(const { &O::FACTS }),
            accept: operate::accept::<O>,
            decode: |options, parts, body| {
                let request = operate::decode::<O>(options, parts, body)?;
                Ok(Decoded::Other(Box::new(request)))
            },
        }
    }

    /// The row of an operation whose requests are not boxed.
    pub(super) const fn without_box<O: Operate>(decode: Decode<S>) -> Self {
        Self {
            operation: Operation::new(const { &O::FACTS }),
            accept: operate::accept::<O>,
            decode,
        }
    }
}
