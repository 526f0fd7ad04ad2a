//! The words for what goes wrong on the way to a cluster and back, whichever library noticed it.
//!
//! Must not tell anything of what was sent or answered.

use std::error::Error;
use std::io;
use std::string::FromUtf8Error;

use tokio::time::error::Elapsed;

use super::http_client::{CONNECT, SILENCE};
use crate::describe_duration;

const CUT: &str = "it ended the connection before its answer was complete";

/// What an error is about in the end: "it ended the connection during the TLS handshake".
pub(crate) fn in_words(error: &(dyn Error + 'static)) -> String {
    if cause::<Elapsed>(error).is_some() {
        return format!("no connection could be made within {}", describe_duration(CONNECT));
    }
    if let Some(error) = cause::<serde_json::Error>(error) {
        let (line, column) = (error.line(), error.column());
        return format!("it answered something else than it was asked for (line {line}, column {column})");
    }
    if cause::<FromUtf8Error>(error).is_some() {
        return "its answer is not text: does a proxy in front of it compress answers?".into();
    }
    if let Some(error) = cause::<hyper::Error>(error) {
        if error.is_parse() {
            return "what answers there does not speak HTTP: is its address right?".into();
        }
        if error.is_incomplete_message() {
            return CUT.into();
        }
    }
    let innermost = innermost(error);
    if innermost == "tls handshake eof" {
        return "it ended the connection during the TLS handshake".into();
    }
    if let Some(socks) = innermost.strip_prefix("SOCKS error: ") {
        return match socks {
            "failed to create underlying connection" => "the proxy cannot be reached".into(),
            other => format!("the proxy made no connection: {other}"),
        };
    }
    match cause::<io::Error>(error) {
        Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => CUT.into(),
        // What the system says of a time has a number.
        Some(error) if error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none() => {
            format!("nothing came for {}", describe_duration(SILENCE))
        }
        _ => innermost,
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The error of a kind that is behind another one.
pub(crate) fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An error of input and output passes over the one that it is made of.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn times_are_told_as_what_did_not_come() {
        let never = std::future::pending::<()>();
        let elapsed = tokio::time::timeout(Duration::ZERO, never).await.unwrap_err();
        let connecting = io::Error::new(io::ErrorKind::TimedOut, elapsed);
        assert_eq!(in_words(&connecting), "no connection could be made within 10.0 s");
        let silent = io::Error::from(io::ErrorKind::TimedOut);
        assert_eq!(in_words(&silent), "nothing came for 3 min 20 s");
    }
}
