//! A word where a cluster does not answer soon.
//!
//! Must not say it twice, nor hold up the answer.

use std::pin::pin;
use std::time::Duration;

use super::Target;

/// How long nobody misses a word.
const SOON: Duration = Duration::from_secs(2);

/// The answer; where it does not come soon, it is said once which cluster is asked, for people.
pub async fn said_if_slow<T>(
    target: &Target,
    asking: impl Future<Output = T>,
    say: impl AsyncFnOnce(String),
) -> T {
    let mut asking = pin!(asking);
    tokio::select! {
        biased;
        answer = &mut asking => return answer,
        () = tokio::time::sleep(SOON) => {}
    }
    let said = format!("asking the cluster … ({}, {})", target.describe(), target.server);
    // Who hears it may be slow, too.
    tokio::join!(asking, say(said)).0
}
