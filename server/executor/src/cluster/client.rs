//! Makes the client of a target: its connections, its certificates, its proxy and its credentials.
//!
//! Must not let a library read the environment or a kubeconfig.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL,
};
use http::{Request, Response, StatusCode};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use kube::client::{ConfigExt, retry::RetryPolicy};
use kube::config::Cluster;
use kube::{Client, Config};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use tower::retry::RetryLayer;
use tower::{BoxError, Service, ServiceBuilder};

use super::address::plain;
use super::certificate::client_config;
use super::credentials::Credentials;
use super::http_client::{Bounded, bounded, http_client};
use super::proxy::{self, Proxy, ProxyKind};
use super::target::Target;
use super::trouble::in_words;
use crate::base64::encoded;
use crate::event::Problem;

/// What the server has put off.
#[derive(Debug, Default)]
pub(crate) struct PutOff {
    /// How the last question, if it is asked again: "503 Service Unavailable, to be asked again after 30 s".
    pub(crate) last: Option<String>,
    /// How many answers have said so.
    pub(crate) count: usize,
}

/// What the server has put off for any client of a connection.
pub(crate) type Refused = Arc<Mutex<PutOff>>;

/// Keeps in mind how a question was put off.
fn remember<B>(refused: &Refused, response: &Response<B>) {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.map(|after| format!(", to be asked again after {} s", after.escape_default()));
    let is_put_off = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
    let said = is_put_off.then(|| format!("it answered {status}{}", after.unwrap_or_default()));
    let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
    refused.count += usize::from(said.is_some());
    refused.last = said;
}

/// The client of a target.
///
/// # Errors
///
/// When something of the kubeconfig or the environment cannot be used.
pub(crate) fn make(
    target: &Target,
    credentials: &Credentials,
    environment: &[(OsString, OsString)],
    refused: &Refused,
) -> Result<Client, Problem> {
    let cluster = &target.access.cluster;
    let proxy = proxy::choose(&target.address, cluster.proxy_url.as_deref(), environment)?;
    // Where nothing is to be made safe, as at a proxy, nothing of the cluster's certificates matters, nor whether they can be
    // read.
    let trusted = if target.address.is_secure { cluster } else { &Cluster::default() };
    let tls = client_config(trusted, &credentials.user)?;
    let parts = Parts { target, credentials, tls, refused };
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    let Some(Proxy { kind, place, login, .. }) = proxy else { return parts.client(connector) };
    let uri = |scheme: &str| format!("{scheme}://{place}").parse().map_err(|error| parts.unusable(&error));
    match kind {
        ProxyKind::Socks => {
            let socks = SocksV5::new(uri("socks5")?, connector);
            match login.as_deref().map(|login| login.split_once(':').unwrap_or((login, ""))) {
                Some((user, password)) => parts.client(socks.with_auth(plain(user), plain(password))),
                None => parts.client(socks),
            }
        }
        ProxyKind::Http => parts.client(tunnel(uri("http")?, connector, login)?),
        ProxyKind::Https => parts.client(tunnel(uri("https")?, parts.secured(connector)?, login)?),
    }
}

/// What answered is not an API server.
#[derive(Debug)]
pub(crate) struct Stranger {
    status: StatusCode,
    content_type: Option<String>,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer was {}", self.status)?;
        match self.content_type.as_deref() {
            Some("text/html") => f.write_str(" with a web page (text/html)"),
            Some(content_type) => write!(f, " with {}", content_type.escape_default()),
            None => Ok(()),
        }
    }
}

impl Error for Stranger {}

/// Judges what answers by what it was asked for: all but the logs of containers is JSON.
#[derive(Clone, Debug)]
struct Judged<S>(S);

impl<S, A, B> Service<Request<A>> for Judged<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Bounded<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let is_log = request.uri().path().ends_with("/log");
        let kind = if is_log { "text/plain" } else { "json" };
        let query = request.uri().query().unwrap_or_default();
        let is_stream = is_log || query.split('&').any(|part| part == "watch=true");
        let answer = self.0.call(request);
        Box::pin(async move { Ok(bounded(of_cluster(answer.await?, kind)?, is_stream)) })
    }
}

/// An API server neither leads elsewhere nor has web pages, and answers in the kind of content that it was asked for. Its
/// errors may be text.
fn of_cluster<B>(response: Response<B>, kind: &str) -> Result<Response<B>, BoxError> {
    let status = response.status();
    if let Some(protocol) = response.headers().get(SEC_WEBSOCKET_PROTOCOL) {
        tracing::trace!(?protocol, "the protocol of commands in pods");
    }
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type =
        content_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let is = |kind: &str| content_type.as_deref().is_some_and(|content_type| content_type.contains(kind));
    if status.is_redirection()
        || is("text/html")
        || status.is_success() && content_type.is_some() && !is(kind)
    {
        return Err(Stranger { status, content_type }.into());
    }
    Ok(response)
}

fn tunnel<C>(place: http::Uri, connector: C, login: Option<String>) -> Result<Tunnel<C>, Problem> {
    let tunnel = Tunnel::new(place, connector);
    let Some(login) = login else { return Ok(tunnel) };
    let basic = format!("Basic {}", encoded(plain(&login).as_bytes()));
    let header = basic.try_into().map_err(|_| Problem::new("the login of the proxy cannot be used"))?;
    Ok(tunnel.with_auth(header))
}

struct Parts<'a> {
    target: &'a Target,
    credentials: &'a Credentials,
    tls: ClientConfig,
    refused: &'a Refused,
}

impl Parts<'_> {
    fn unusable(&self, error: &(dyn Error + 'static)) -> Problem {
        let place = self.target.describe();
        Problem::new(format!("the cluster of {place} cannot be asked: {}", in_words(error)))
    }

    /// Who the user is, as each request says it. The client library would also run plugins and look into files for that.
    fn authorization(&self) -> Result<Option<(HeaderName, HeaderValue)>, Problem> {
        let user = &self.credentials.user;
        let value = match (&user.token, &user.username, &user.password) {
            (Some(token), ..) => format!("Bearer {}", token.expose_secret()),
            (None, Some(name), Some(password)) => {
                let login = format!("{name}:{}", password.expose_secret());
                format!("Basic {}", encoded(login.as_bytes()))
            }
            _ => return Ok(None),
        };
        let mut value = HeaderValue::try_from(value).map_err(|error| self.unusable(&error))?;
        value.set_sensitive(true);
        Ok(Some((AUTHORIZATION, value)))
    }

    fn secured<C>(&self, connector: C) -> Result<HttpsConnector<C>, Problem> {
        let mut builder = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        if let Some(name) = &self.target.access.cluster.tls_server_name {
            let wrong = |_| Problem::new("the tls-server-name of the kubeconfig is not the name of a server");
            builder = builder.with_server_name_resolver(FixedServerNameResolver::new(
                name.clone().try_into().map_err(wrong)?,
            ));
        }
        Ok(builder.enable_http1().wrap_connector(connector))
    }

    fn client<C>(&self, connector: C) -> Result<Client, Problem>
    where
        C: Service<http::Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError> + Error + Send + Sync,
    {
        let address = self.target.address.to_string();
        let mut config = Config::new(address.parse().map_err(|error| self.unusable(&error))?);
        config.headers.extend(self.authorization()?);
        config.auth_info = self.credentials.user.clone();
        let http = http_client(self.secured(connector)?);
        let unusable = |error: kube::Error| self.unusable(&error);
        let refused = self.refused.clone();
        let service = ServiceBuilder::new()
            .layer_fn(Judged)
            .layer(config.base_uri_layer())
            .layer(RetryLayer::new(RetryPolicy::server_retry()))
            .layer(config.extra_headers_layer().map_err(unusable)?)
            .map_response(move |response| {
                remember(&refused, &response);
                response
            })
            .map_err(BoxError::from)
            .service(http);
        Ok(Client::new(service, &*self.target.namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_pages_and_what_leads_elsewhere_are_not_of_a_cluster() {
        let answered = |status: u16, content_type: &str, kind: &str| {
            let mut response = Response::builder().status(status);
            if !content_type.is_empty() {
                response = response.header(CONTENT_TYPE, content_type);
            }
            let judged = of_cluster(response.body(()).unwrap(), kind);
            judged.map_or_else(|error| error.to_string(), |_| "a cluster".into())
        };
        let told = |status, content_type| answered(status, content_type, "json");
        for (status, content_type) in [
            (200, "application/json"),
            (200, "application/json;stream=watch"),
            (200, ""),
            (101, ""),
            (403, "application/json"),
            (503, "text/plain; charset=utf-8"),
        ] {
            assert_eq!(told(status, content_type), "a cluster", "{status} {content_type}");
        }
        assert_eq!(
            told(200, "text/html; charset=utf-8"),
            "the answer was 200 OK with a web page (text/html)"
        );
        assert_eq!(told(502, "Text/HTML"), "the answer was 502 Bad Gateway with a web page (text/html)");
        assert_eq!(told(200, "text/plain"), "the answer was 200 OK with text/plain");
        assert_eq!(told(302, ""), "the answer was 302 Found");
        assert_eq!(answered(200, "text/plain", "text/plain"), "a cluster");
        let page = answered(200, "text/html", "text/plain");
        assert_eq!(page, "the answer was 200 OK with a web page (text/html)");
    }
}
