//! Who the user of a target is: a token, a password or a certificate, and until when.
//!
//! Must not say what they are, nor hand on what cannot become a header.

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use kube::config::AuthInfo;
use secrecy::ExposeSecret;

use super::plugin;
use super::target::Target;
use crate::event::Problem;

/// A file that holds a token is read again after this time, since what wrote it may write another one.
const FILE_LASTS: Duration = Duration::from_secs(120);

/// Valid credentials: no plugin and no file is left to be asked for a token.
pub(crate) struct Credentials {
    pub(crate) user: AuthInfo,
    pub(crate) expires: Option<SystemTime>,
}

/// Gets the credentials of a target's user.
///
/// # Errors
///
/// When a plugin fails, a file cannot be read, or what they give cannot be used.
pub(crate) async fn get(
    target: &Target,
    environment: &[(OsString, OsString)],
) -> Result<Credentials, Problem> {
    let mut user = target.access.user.clone();
    let name = target.user.as_deref().unwrap_or("of this pod");
    if let Some(provider) = user.auth_provider.as_ref().filter(|provider| provider.name != "oidc") {
        let provider = &provider.name;
        return Err(Problem::new(format!(
            "user `{name}` has the auth provider `{provider}`, which is not supported"
        ))
        .help("kubectl has no longer known it since 1.26: use the credential plugin that replaces it"));
    }
    let mut expires = plugin::authenticate(&mut user, target, environment, plugin::LIMIT).await?;
    let mut token = user.token.take().map(|token| token.expose_secret().to_owned());
    if let Some(path) = user.token_file.take() {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                token = Some(text);
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
    if user.token.is_some() {
        // A token goes before a password.
        (user.username, user.password) = (None, None);
    } else if user.username.is_some() {
        user.password.get_or_insert_with(|| String::new().into());
    }
    Ok(Credentials { user, expires })
}

/// A token as a header can have it: one that was read from a file or a program often ends with a line end.
fn usable(token: &str, user: &str) -> Result<String, Problem> {
    let token = token.trim();
    if token.bytes().all(|byte| byte.is_ascii_graphic()) && !token.is_empty() {
        return Ok(token.to_owned());
    }
    Err(Problem::new(format!("the token of user `{user}` is empty or has spaces or other characters inside"))
        .help("write it again, or log in again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn got(user: &str) -> Result<(String, bool), String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        let text = format!(
            "current-context: dev\ncontexts: [{{name: dev, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}]\nusers:\n- name: u\n  user:\n{user}\n"
        );
        std::fs::write(&file, text).unwrap();
        std::fs::write(dir.path().join("token"), "of-a-file\r\n").unwrap();
        let target = Target::read(&[("KUBECONFIG".into(), file.into())], None, None).unwrap();
        let credentials = get(&target, &[]).await.map_err(|problem| problem.describe())?;
        let user = credentials.user;
        let token = user.token.map(|token| token.expose_secret().to_owned());
        let password = user.password.map(|password| format!("password {}", password.expose_secret()));
        Ok((token.or(password).unwrap_or_default(), credentials.expires.is_some()))
    }

    #[tokio::test]
    async fn tokens_are_trimmed_wherever_they_come_from() {
        assert_eq!(got("    token: |\n      abc").await.unwrap(), ("abc".into(), false));
        assert_eq!(got("    token: old\n    tokenFile: token").await.unwrap(), ("of-a-file".into(), true));
        assert_eq!(got("    token: old\n    tokenFile: none").await.unwrap(), ("old".into(), false));
        assert_eq!(got("    {token: abc, username: ann, password: x}").await.unwrap().0, "abc");
        assert_eq!(got("    {username: ann, password: x}").await.unwrap().0, "password x");
        assert_eq!(got("    {username: ann}").await.unwrap().0, "password ");
        assert_eq!(got("    {}").await.unwrap(), (String::new(), false));
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_named_and_not_shown() {
        for user in ["    token: SEC RET", "    token: \"SEC\\nRET\"", "    token: SECRÉT", "    token: ' '"]
        {
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
