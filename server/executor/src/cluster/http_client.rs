//! How long whoever is asked by HTTP may take to be reached, to answer and to listen, and how long an answer may be.
//!
//! Must not know who is asked.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Response;
use hyper::body::{Body as Answer, Bytes, Frame, SizeHint};
use hyper_rustls::HttpsConnector;
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::TokioExecutor;
use kube::client::Body;
use tower::{BoxError, Service};

/// How long a connection may take to be made.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// How long nothing may come before the server counts as gone; the client asks for a sign of life every 60 s.
pub(super) const SILENCE: Duration = Duration::from_secs(200);

/// How long nothing may be taken.
const STALLED: Duration = Duration::from_secs(295);

/// How many bytes an answer may have, and one of which only the status matters.
pub(super) const LONGEST: usize = 64 << 20;
const LONGEST_ERROR: usize = 64 << 10;

/// The client that asks by such connections.
pub(super) fn http_client<C>(connector: HttpsConnector<C>) -> HttpClient<C>
where
    C: Service<http::Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + Error + Send + Sync,
{
    let mut connector = TimeoutConnector::new(connector);
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_read_timeout(Some(SILENCE));
    connector.set_write_timeout(Some(STALLED));
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector)
}

type HttpClient<C> = hyper_util::client::legacy::Client<TimeoutConnector<HttpsConnector<C>>, Body>;

/// An answer is too long.
#[derive(Debug)]
pub(super) struct TooLong {
    most: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most >> 20 {
            0 => write!(f, "the answer is longer than {} KiB", self.most >> 10),
            most => write!(f, "the answer is longer than {most} MiB"),
        }
    }
}

impl Error for TooLong {}

/// An answer that ends with an error where it is too long.
pub(super) struct Bounded<B> {
    body: B,
    most: usize,
    length: usize,
    /// Whether it goes on for ever, and each of its lines is measured.
    is_stream: bool,
}

/// Measures an answer: one that goes on for ever by its lines.
pub(super) fn bounded<B>(response: Response<B>, is_stream: bool) -> Response<Bounded<B>> {
    let is_error = !response.status().is_success();
    let most = if is_error { LONGEST_ERROR } else { LONGEST };
    response.map(|body| Bounded { body, most, length: 0, is_stream: is_stream && !is_error })
}

impl<B> Bounded<B> {
    fn has_room(&mut self, bytes: &[u8]) -> bool {
        let line_end = bytes.iter().rposition(|byte| *byte == b'\n').filter(|_| self.is_stream);
        self.length = match line_end {
            Some(at) => bytes.len() - at - 1,
            None => self.length + bytes.len(),
        };
        self.length <= self.most
    }
}

impl<B> Answer for Bounded<B>
where
    B: Answer<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into);
        let has_room = frame.as_ref().ok().and_then(Frame::data_ref).is_none_or(|bytes| self.has_room(bytes));
        let too_long = TooLong { most: self.most };
        Poll::Ready(Some(if has_room { frame } else { Err(too_long.into()) }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
