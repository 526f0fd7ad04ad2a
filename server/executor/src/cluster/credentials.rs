//! Who the user of a target is: a token, a password or a certificate, and until when.
//!
//! Must not say what they are, nor hand on what cannot become a header.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use kube::config::AuthInfo;
use secrecy::ExposeSecret;

use super::address::plain;
use super::file;
use super::oidc;
use super::plugin;
use super::target::Target;
use crate::event::Problem;

/// A file that holds a token is read again after this time, since what wrote it may write another one.
const FILE_LASTS: Duration = Duration::from_secs(120);

/// Valid credentials: no plugin and no file is left to be asked for a token.
pub(crate) struct Credentials {
    pub(crate) user: AuthInfo,
    pub(crate) expires: Option<SystemTime>,
    /// What to renew a token of the provider `oidc` with, which an issuer may take once only.
    pub(crate) renewed: Option<HashMap<String, String>>,
}

/// Gets the credentials of a target's user, with what was renewed before.
///
/// # Errors
///
/// When a plugin fails, a file cannot be read, or what they give cannot be used.
pub(crate) async fn get(
    target: &Target,
    environment: &[(OsString, OsString)],
    renewed: Option<HashMap<String, String>>,
) -> Result<Credentials, Problem> {
    let mut user = used(target);
    if let (Some(of_target), Some(renewed)) = (&mut user.auth_provider, renewed) {
        of_target.config = renewed;
    }
    let name = target.user.as_deref().unwrap_or("of this pod");
    if let Some(provider) = user.auth_provider.as_ref().filter(|provider| provider.name != "oidc") {
        let provider = &provider.name;
        return Err(Problem::new(format!(
            "user `{name}` has the auth provider `{provider}`, which is not supported"
        ))
        .help("kubectl has no longer known it since 1.26: use the credential plugin that replaces it"));
    }
    if has_own(&user) {
        user.exec = None;
    }
    let mut expires = plugin::authenticate(&mut user, target, environment, plugin::LIMIT).await?;
    let mut token = user.token.take().map(|token| token.expose_secret().to_owned());
    if let Some(path) = user.token_file.take() {
        match file::named(path.as_ref()) {
            Ok(text) => {
                token = Some(String::from_utf8_lossy(&text).into_owned());
                expires = Some(SystemTime::now() + FILE_LASTS);
            }
            Err(_) if token.is_some() => {}
            Err(error) => {
                return Err(Problem::new(format!(
                    "the token of user `{name}` cannot be read: {path}: {error}"
                )));
            }
        }
    }
    user.token = token.map(|token| usable(&token, name)).transpose()?.map(Into::into);
    let provider = user.auth_provider.take().filter(|_| user.token.is_none() && user.username.is_none());
    let mut renewed = provider.map(|provider| provider.config);
    if let Some(config) = &mut renewed {
        let wrong = |problem: Problem| {
            let message = format!("user `{name}` has the auth provider `oidc`: {}", problem.message);
            Problem { message, ..problem }
        };
        let (token, end) = oidc::id_token(config).await.map_err(wrong)?;
        (user.token, expires) = (Some(token.into()), Some(end));
    }
    if user.token.is_some() {
        // A token goes before a password.
        (user.username, user.password) = (None, None);
    } else if user.username.is_some() {
        user.password.get_or_insert_with(|| String::new().into());
    }
    Ok(Credentials { user, expires, renewed })
}

/// What of a user's entry is used. As with kubectl, without TLS nobody hears who the user is, but for what the address
/// itself says; and what that says goes before all else.
fn used(target: &Target) -> AuthInfo {
    let mut user = target.access.user.clone();
    if !target.address.is_secure {
        user = AuthInfo {
            impersonate: user.impersonate,
            impersonate_uid: user.impersonate_uid,
            impersonate_groups: user.impersonate_groups,
            impersonate_user_extra: user.impersonate_user_extra,
            ..AuthInfo::default()
        };
    }
    let Some(login) = &target.address.login else { return user };
    let (name, password) = login.split_once(':').unwrap_or((login, ""));
    AuthInfo {
        username: Some(plain(name)),
        password: Some(plain(password).into()),
        token: None,
        token_file: None,
        exec: None,
        auth_provider: None,
        ..user
    }
}

/// Whether a user has credentials without the plugin, which then is not run:
/// <https://github.com/kubernetes/client-go/blob/v0.32.0/plugin/pkg/client/auth/exec/exec.go>.
fn has_own(user: &AuthInfo) -> bool {
    let has_certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let has_key = user.client_key.is_some() || user.client_key_data.is_some();
    let has_token = user.token.is_some() || user.token_file.is_some();
    has_token || user.username.is_some() || has_certificate && has_key
}

/// A token as a header can have it: one that was read from a file or a program often ends with a line end.
fn usable(token: &str, user: &str) -> Result<String, Problem> {
    let token = token.trim();
    if !token.bytes().any(|byte| byte.is_ascii_control()) && !token.is_empty() {
        return Ok(token.to_owned());
    }
    Err(Problem::new(format!(
        "the token of user `{user}` is empty or has line ends or control characters inside"
    ))
    .help("write it again, or log in again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn got(user: &str) -> Result<(String, bool), String> {
        got_at("https://127.0.0.1:1", user).await
    }

    async fn got_at(server: &str, user: &str) -> Result<(String, bool), String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        let text = format!(
            "current-context: dev\ncontexts: [{{name: dev, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers:\n- name: u\n  user:\n{user}\n"
        );
        std::fs::write(&file, text).unwrap();
        std::fs::write(dir.path().join("token"), "of-a-file\r\n").unwrap();
        let target = Target::read(&[("KUBECONFIG".into(), file.into())], None, None).unwrap();
        let credentials = get(&target, &[], None).await.map_err(|problem| problem.describe())?;
        let user = credentials.user;
        assert!(user.token.is_none() || user.password.is_none());
        let token = user.token.map(|token| token.expose_secret().to_owned());
        let password = user.password.map(|password| format!("password {}", password.expose_secret()));
        Ok((token.or(password).unwrap_or_default(), credentials.expires.is_some()))
    }

    #[tokio::test]
    async fn tokens_are_trimmed_wherever_they_come_from() {
        assert_eq!(got("    token: |\n      abc").await.unwrap(), ("abc".into(), false));
        assert_eq!(got("    token: old\n    tokenFile: token").await.unwrap(), ("of-a-file".into(), true));
        assert_eq!(got("    token: old\n    tokenFile: none").await.unwrap(), ("old".into(), false));
        assert_eq!(got("    token: dé f").await.unwrap().0, "dé f");
        assert_eq!(got("    {token: abc, username: ann, password: x}").await.unwrap().0, "abc");
        assert_eq!(got("    {username: ann, password: x}").await.unwrap().0, "password x");
        assert_eq!(got("    {username: ann}").await.unwrap().0, "password ");
        assert_eq!(got("    {}").await.unwrap(), (String::new(), false));
    }

    #[tokio::test]
    async fn without_tls_nobody_hears_who_the_user_is() {
        for user in [
            "    token: abc",
            "    tokenFile: none",
            "    {username: ann, password: x}",
            "    exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin}",
        ] {
            assert_eq!(got_at("http://127.0.0.1:1", user).await.unwrap().0, "", "{user}");
        }
        assert_eq!(
            got_at("http://ann:p%40ss@127.0.0.1:1", "    token: abc").await.unwrap().0,
            "password p@ss"
        );
    }

    #[tokio::test(start_paused = true)]
    #[cfg(unix)]
    #[cfg_attr(portable_tree, ignore = "who has ended counts until its parent has waited for it")]
    async fn a_plugin_has_half_a_minute() {
        let plugin =
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sleep, args: ['600']}";
        let (begun, said) =
            (tokio::time::Instant::now(), got(&format!("    {{{plugin}}}")).await.unwrap_err());
        assert!(said.contains("`/bin/sleep` of the kubeconfig gave no credentials within 30.0 s"), "{said}");
        let waited = begun.elapsed();
        assert!(Duration::from_secs(30) <= waited && waited < Duration::from_secs(31), "{waited:?}");
    }

    #[tokio::test]
    async fn an_address_goes_before_a_token_and_a_token_before_a_plugin() {
        let plugin = "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin}";
        let with = |more: &str| format!("    {{{more}{plugin}}}");
        assert_eq!(got(&with("token: abc, ")).await.unwrap().0, "abc");
        assert_eq!(got(&with("username: ann, password: x, ")).await.unwrap().0, "password x");
        let pair = "client-certificate: a, client-key: b, ";
        assert_eq!(got(&with(pair)).await.unwrap().0, "");
        assert!(got(&with("client-certificate: a, ")).await.unwrap_err().contains("no-such-plugin"));
        assert!(got(&with("")).await.unwrap_err().contains("no-such-plugin"));
        let provider = "    {token: abc, auth-provider: {name: oidc, config: {}}}";
        assert_eq!(got(provider).await.unwrap().0, "abc");
        let at = got_at("https://ann:x@127.0.0.1:1", &with("token: abc, ")).await;
        assert_eq!(at.unwrap().0, "password x");
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_named_and_not_shown() {
        for user in ["    token: \"SEC\\nRET\"", "    token: \"SEC\\tRET\"", "    token: ' '"] {
            let problem = got(user).await.unwrap_err();
            assert!(problem.starts_with("the token of user `u` is empty or has") && !problem.contains("SEC"));
        }
        let problem = got("    tokenFile: none").await.unwrap_err();
        assert!(problem.starts_with("the token of user `u` cannot be read: /"), "{problem}");
        let problem =
            got("    auth-provider: {name: gcp, config: {access-token: SECRET}}").await.unwrap_err();
        assert!(problem.contains("`gcp`") && !problem.contains("SECRET"), "{problem}");
    }
}
