//! Ends a command that runs in a container: by a shell in that container, if it has one.
//!
//! Must not signal a process unless it is certain that it is the command's.

use std::time::Duration;

use kube::api::AttachParams;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use crate::cluster::Connection;
use crate::event::Pod;

/// How long the shell may take.
const LIMIT: Duration = Duration::from_secs(5);

/// By how many seconds the ages of processes may be off: both are counted in whole ones, and a server starts a command
/// some time after it has taken the connection.
const EARLY: u64 = 2;
const LATE: u64 = 6;

/// Finds the command's process and signals its session, with nothing but what every shell has built in.
///
/// A command that was executed in a container has no parent there, leads a session of its own, and is as old as its
/// connection. Where several such processes are, it is the one that has the program's name; when that is not clear either,
/// nothing is signalled. What is killed may start something in the last moment, so that is repeated until nothing of the
/// session is left but the dead that nobody has buried. A container that is started again gives the same numbers to other
/// processes: another first process, or one that is younger than the command, tells that the command has ended with the
/// container. Arguments: the signal, the program's name as the kernel cuts it, the age of the connection in seconds, the
/// least and the greatest age of the command, or in place of these the session and when the first process was started.
/// It answers `sent`, the session and when the first process was started, `gone` where nothing of it is left, `none` or
/// `several`.
const SCRIPT: &str = r#"
signal=$1 name=$2 age=$3 least=$4 most=$5 leader=$6 first=$7
read -r line </proc/1/stat || exit 1
set -- ${line##*\) }
now=${20}
if [ -n "$leader" ] && [ "$now" != "$first" ]; then echo gone; exit 0; fi
if [ -z "$leader" ]; then
read -r up rest </proc/uptime || exit 1
up=${up%%.*}
if [ $((up - now / 100)) -lt "$age" ]; then echo gone; exit 0; fi
all= named= count=0 count_named=0
for stat in /proc/[0-9]*/stat; do
  read -r line 2>/dev/null <"$stat" || continue
  pid=${line%% *}
  comm=${line#*\(}
  comm=${comm%\)*}
  set -- ${line##*\) }
  [ "$2" = 0 ] && [ "$pid" != 1 ] && [ "$pid" != $$ ] && [ "$4" = "$pid" ] || continue
  old=$((up - ${20} / 100))
  [ "$old" -ge "$least" ] && [ "$old" -le "$most" ] || continue
  all=$pid count=$((count + 1))
  [ "$comm" = "$name" ] && named=$pid count_named=$((count_named + 1))
done
if [ $count_named = 1 ]; then leader=$named
elif [ $count = 1 ]; then leader=$all
elif [ $count = 0 ]; then echo none; exit 0
else echo several; exit 0
fi
fi
pass=0 left=yes found=no
while [ "$left" = yes ] && [ $pass -lt 20 ]; do
  pass=$((pass + 1)) left=no
  for stat in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$stat" || continue
    pid=${line%% *}
    set -- ${line##*\) }
    [ "$4" = "$leader" ] && [ "$1" != Z ] && kill -"$signal" "$pid" 2>/dev/null && left=yes found=yes
  done
  [ "$signal" = KILL ] || break
done
[ "$found" = yes ] && echo "sent $leader $now" || echo gone
"#;

/// What a command and all that it started is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RemoteSession {
    leader: u32,
    /// When the container's first process was started, in clock ticks of its node.
    first: u64,
}

impl RemoteSession {
    fn of_answer(answer: &str) -> Option<RemoteSession> {
        let (leader, first) = answer.trim().strip_prefix("sent ")?.split_once(' ')?;
        Some(RemoteSession { leader: leader.parse().ok()?, first: first.parse().ok()? })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Term,
    Kill,
    /// Nothing is sent; it is only looked whether anything is there.
    Look,
}

/// A command that runs in a container.
pub(crate) struct Remote<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) pod: &'a Pod,
    pub(crate) argv: &'a [String],
    /// When its connection was there, which may take long.
    pub(crate) begun: Instant,
}

impl Remote<'_> {
    /// Sends a signal to the command and everything in its session, or to what is left of a session. Gives the session;
    /// nothing when nothing of it is left.
    ///
    /// # Errors
    ///
    /// Why it was not sent, for people.
    pub(crate) async fn signal(
        &self,
        signal: Signal,
        session: Option<RemoteSession>,
    ) -> Result<Option<RemoteSession>, String> {
        let answer = timeout(LIMIT, self.call_shell(signal, session)).await;
        let answer = answer.unwrap_or_else(|_| Err("a shell in the container does not answer".into()))?;
        if let Some(session) = RemoteSession::of_answer(&answer) {
            return Ok(Some(session));
        }
        match answer.trim() {
            "gone" => Ok(None),
            "none" => Err("its process was not found in the container".into()),
            "several" => Err("it is not clear which process in the container is the command's".into()),
            _ => Err("the container has no shell by which it could be ended".into()),
        }
    }

    async fn call_shell(&self, signal: Signal, session: Option<RemoteSession>) -> Result<String, String> {
        let age = self.begun.elapsed().as_secs();
        let signal = match signal {
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
            Signal::Look => "0",
        };
        let leader = session.map(|session| session.leader.to_string()).unwrap_or_default();
        let first = session.map(|session| session.first.to_string()).unwrap_or_default();
        let (least, most) = (age.saturating_sub(LATE).to_string(), (age + EARLY).to_string());
        let name = comm(self.argv.first().map_or("", String::as_str));
        let age = age.to_string();
        let command = ["sh", "-c", SCRIPT, "sh", signal, &name, &age, &least, &most, &leader, &first];
        let parameters = AttachParams::default().container(&self.pod.container).stderr(false);
        let pods = self.connection.pods().await.map_err(|problem| problem.message)?;
        let problem =
            |error: kube::Error| self.connection.problem(&error, "execute commands in pods").message;
        let mut shell = pods.exec(&self.pod.name, command, &parameters).await.map_err(problem)?;
        let mut answer = String::new();
        let (stdout, status) = (shell.stdout(), shell.take_status());
        if let Some(mut stdout) = stdout {
            let read = stdout.read_to_string(&mut answer);
            let ended = async {
                match status {
                    Some(status) => drop(status.await),
                    None => std::future::pending().await,
                }
            };
            // Where the connection breaks, the stream alone would never end.
            tokio::select! {
                biased;
                _ = read => {}
                () = ended => {}
            }
        }
        Ok(answer)
    }
}

/// The name of a process of this program, as `/proc/…/stat` has it: its file's name, at most 15 bytes.
fn comm(program: &str) -> String {
    let name = program.rsplit('/').next().unwrap_or(program);
    name[..name.floor_char_boundary(15)].to_owned()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::Command;

    use super::*;

    fn call(shell: &str, arguments: &[&str]) -> String {
        let output = Command::new(shell).args(["-c", SCRIPT, "sh"]).args(arguments).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// When the first process of this machine was started.
    fn first() -> String {
        let stat = std::fs::read_to_string("/proc/1/stat").unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1;
        fields.split(' ').nth(19).unwrap().to_owned()
    }

    #[test]
    fn nothing_is_signalled_where_no_process_fits() {
        for shell in ["sh", "bash"] {
            // No process is older than two seconds and younger than one.
            assert_eq!(call(shell, &["TERM", "sleep", "0", "2", "1", "", ""]), "none");
            assert_eq!(call(shell, &["TERM", "sleep", "0", "0", "0", "999999999", &first()]), "gone");
        }
    }

    #[test]
    fn nothing_is_signalled_in_a_container_that_was_started_again() {
        for shell in ["sh", "bash"] {
            // In a session of its own.
            let mut sleep = Command::new("setsid").args(["sleep", "1000"]).spawn().unwrap();
            let leader = sleep.id().to_string();
            let sent = format!("sent {leader} {}", first());
            while call(shell, &["0", "sleep", "0", "0", "0", &leader, &first()]) != sent {}
            // Another process was the first one when the session was found.
            assert_eq!(call(shell, &["TERM", "sleep", "0", "0", "0", &leader, "1"]), "gone");
            // The container is younger than the command.
            assert_eq!(call(shell, &["TERM", "sleep", "999999999", "0", "999999999", "", ""]), "gone");
            assert_eq!(sleep.try_wait().unwrap(), None);
            assert_eq!(call(shell, &["TERM", "sleep", "0", "0", "0", &leader, &first()]), sent);
            assert!(!sleep.wait().unwrap().success());
            assert!(RemoteSession::of_answer(&sent).is_some());
        }
    }

    #[test]
    fn names_of_processes() {
        assert_eq!(comm("/usr/bin/sleep"), "sleep");
        assert_eq!(comm("a-very-long-name-of-a-program"), "a-very-long-nam");
        assert_eq!(comm(""), "");
    }
}
