//! How long whoever is asked by HTTP may take to be reached, to answer and to listen.
//!
//! Must not know who is asked.

use std::error::Error;
use std::time::Duration;

use hyper_rustls::HttpsConnector;
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::TokioExecutor;
use kube::client::Body;
use tower::{BoxError, Service};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long nothing may come before the server counts as gone; the client asks for a sign of life every 60 s.
const SILENCE: Duration = Duration::from_secs(200);

/// How long nothing may be taken.
const STALLED: Duration = Duration::from_secs(295);

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
