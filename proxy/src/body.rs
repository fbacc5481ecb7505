//! Bodies of answers: whole ones, and those that are passed on as they come.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Frame;
use tokio::sync::mpsc;

/// The body of any answer.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// A part of a body: bytes, or the fields that follow it.
pub(crate) type Part = Frame<Bytes>;

/// A body that is written as it is read. Whoever writes learns that nobody reads any more.
pub(crate) fn passed_on() -> (mpsc::Sender<Part>, Body) {
    let (sender, parts) = mpsc::channel(16);
    (sender, Parts(parts).boxed())
}

struct Parts(mpsc::Receiver<Part>);

impl hyper::body::Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|part| part.map(Ok))
    }
}
