//! The ID token of a user of the auth provider `oidc`, renewed by its issuer where it has ended:
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens>.
//!
//! Must not keep a token in a file, nor tell what the issuer answers.

use std::collections::HashMap;
use std::error::Error;
use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use kube::Client;
use kube::client::Body;
use kube::config::Cluster;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower::ServiceBuilder;
use url::form_urlencoded::Serializer;

use super::certificate::client_config;
use super::http_client::{bounded, http_client};
use super::trouble::in_words;
use crate::base64::{decoded, encoded};
use crate::event::Problem;

/// How long the issuer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A token that ends within this time counts as ended.
const LEEWAY: Duration = Duration::from_secs(10);

/// The keys of the provider's configuration that hold tokens.
const ID_TOKEN: &str = "id-token";
const REFRESH_TOKEN: &str = "refresh-token";

/// When a token ends.
#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// Where an issuer gives tokens.
#[derive(Deserialize)]
struct Discovery {
    token_endpoint: String,
}

/// What it gives.
#[derive(Deserialize)]
struct Renewed {
    id_token: Option<String>,
    refresh_token: Option<String>,
}

/// How an issuer is told which client asks; some take one of them alone.
#[derive(Clone, Copy)]
enum ClientNamed {
    InHeader,
    InBody,
}

/// The token, and when it ends. A new one goes into the configuration, with the one to renew it by.
///
/// # Errors
///
/// Why there is none, in a sentence.
pub(super) async fn id_token(config: &mut HashMap<String, String>) -> Result<(String, SystemTime), Problem> {
    if let Some(token) = config.get(ID_TOKEN).filter(|token| !token.is_empty()) {
        let end = end(token).ok_or_else(|| Problem::new("its id-token is not a JSON Web Token"))?;
        if end > SystemTime::now() + LEEWAY {
            return Ok((token.clone(), end));
        }
    }
    let renewing = tokio::time::timeout(LIMIT, renew(config)).await;
    let renewed = renewing.map_err(|_| Problem::new("its issuer did not answer in time"))??;
    let token = renewed.id_token.ok_or_else(|| Problem::new("its issuer gave no new id-token"))?;
    let end = end(&token).ok_or_else(|| Problem::new("its issuer gave no JSON Web Token"))?;
    config.insert(ID_TOKEN.into(), token.clone());
    config.extend(renewed.refresh_token.map(|token| (REFRESH_TOKEN.into(), token)));
    Ok((token, end))
}

/// When a JSON Web Token ends, as it says itself; the cluster checks the rest.
fn end(token: &str) -> Option<SystemTime> {
    let payload = token.split('.').nth(1)?.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let padding = "=".repeat(payload.len().wrapping_neg() % 4);
    let claims: Claims = serde_json::from_slice(&decoded(&(payload + &padding))?).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(claims.exp).ok()?)
}

async fn renew(config: &HashMap<String, String>) -> Result<Renewed, Problem> {
    let value = |key: &str| config.get(key).filter(|value| !value.is_empty());
    let needed = |key: &str| {
        let missing = || format!("its id-token has ended, and it has no {key} to renew it");
        value(key).ok_or_else(|| Problem::new(missing()))
    };
    let (issuer, refresh_token) = (needed("idp-issuer-url")?, needed(REFRESH_TOKEN)?);
    let (id, secret) = (needed("client-id")?, value("client-secret").map_or("", String::as_str));
    let client = client(Cluster {
        certificate_authority: value("idp-certificate-authority").cloned(),
        certificate_authority_data: value("idp-certificate-authority-data").cloned(),
        ..Cluster::default()
    })?;
    let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let found: Discovery =
        ask(&client, Request::get(place).body(Body::empty())).await.map_err(Refused::problem)?;
    let renewal = |named| {
        let request = Request::post(&found.token_endpoint).header(CONTENT_TYPE, FORM);
        let mut body = Serializer::new(String::new());
        body.extend_pairs([("grant_type", "refresh_token"), ("refresh_token", refresh_token)]);
        let request = match named {
            ClientNamed::InHeader => {
                let login = encoded(format!("{id}:{secret}").as_bytes());
                request.header(AUTHORIZATION, format!("Basic {login}"))
            }
            ClientNamed::InBody => {
                body.extend_pairs([("client_id", id.as_str()), ("client_secret", secret)]);
                request
            }
        };
        ask(&client, request.body(Body::from(body.finish().into_bytes())))
    };
    let renewed = match renewal(ClientNamed::InHeader).await {
        Err(Refused { status: Some(status), .. }) if !status.is_success() => {
            renewal(ClientNamed::InBody).await
        }
        answered => answered,
    };
    renewed.map_err(Refused::problem)
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The client for an issuer, which is asked by HTTPS alone.
fn client(trusted: Cluster) -> Result<Client, Problem> {
    let tls = client_config(&trusted, &Default::default())?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1();
    let http = ServiceBuilder::new().map_response(|response| bounded(response, false));
    Ok(Client::new(http.service(http_client(https.wrap_connector(connector))), ""))
}

/// Asks an issuer and reads what it answers, of which nothing is told.
async fn ask<T: DeserializeOwned>(
    client: &Client,
    request: http::Result<Request<Body>>,
) -> Result<T, Refused> {
    let failed = |error: &(dyn Error + 'static)| Refused {
        status: None,
        why: format!("its issuer cannot be asked: {}", in_words(error)),
    };
    let request = request.map_err(|error| failed(&error))?;
    let response = client.send(request).await.map_err(|error| failed(&error))?;
    let status = response.status();
    let body = response.into_body().collect_bytes().await.map_err(|error| failed(&error))?;
    if !status.is_success() {
        return Err(Refused { status: Some(status), why: format!("its issuer answered {status}") });
    }
    let unclear =
        |_| Refused { status: Some(status), why: "the answer of its issuer was not understood".into() };
    serde_json::from_slice(&body).map_err(unclear)
}

/// Why an issuer gave nothing.
struct Refused {
    /// Where it answered.
    status: Option<StatusCode>,
    why: String,
}

impl Refused {
    fn problem(self) -> Problem {
        Problem::new(format!("its id-token was not renewed: {}", self.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        let payload = encoded(payload.as_bytes()).replace('+', "-").replace('/', "_");
        format!("e30.{}.c2ln", payload.trim_end_matches('='))
    }

    #[test]
    fn the_end_of_a_token() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(end(&token(r#"{"exp":1700000000,"sub":"?>~"}"#)), at(1_700_000_000));
        assert_eq!(end(&token(r#"{"exp":17e8}"#)), at(1_700_000_000));
        for none in
            ["", "abc", "a.b.c", "..", &token("{}"), &token(r#"{"exp":-1}"#), &token(r#"{"exp":1e300}"#)]
        {
            assert_eq!(end(none), None, "{none}");
        }
    }

    async fn got(config: &[(&str, &str)]) -> Result<String, String> {
        let mut config = config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        id_token(&mut config).await.map(|(token, _)| token).map_err(|problem| problem.describe())
    }

    #[tokio::test]
    async fn one_that_has_not_ended_is_taken_as_it_is() {
        let (valid, ended) = (token(r#"{"exp":4102444800}"#), token(r#"{"exp":1}"#));
        assert_eq!(got(&[("id-token", &valid)]).await.unwrap(), valid);
        let why = "its id-token has ended, and it has no idp-issuer-url to renew it";
        assert_eq!(got(&[("id-token", &ended)]).await.unwrap_err(), why);
        assert_eq!(got(&[]).await.unwrap_err(), why);
        assert_eq!(got(&[("id-token", "secret")]).await.unwrap_err(), "its id-token is not a JSON Web Token");
        let nowhere = [("idp-issuer-url", "http://127.0.0.1:1"), ("refresh-token", "r"), ("client-id", "c")];
        let why = got(&nowhere).await.unwrap_err();
        assert!(why.starts_with("its id-token was not renewed: its issuer cannot be asked: "), "{why}");
    }
}
