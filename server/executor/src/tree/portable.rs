//! Knows whether a task's process group is alive, where the system's table of processes cannot be read.
//!
//! Must not decide when a task is ended, nor wait for anything. On Windows the task's job object, which `local`
//! holds, does what is not done here.

use std::ffi::OsString;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::LeftProcess;
use crate::stop_signal::StopSignal;

/// Makes a stop find also what a task detached, on Linux; on this system it does nothing.
///
/// # Errors
///
/// Never on this system.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// Runs `spawn`, which starts a process and tells its id; it leads a new session, or stays in the group of this process.
pub(crate) fn spawn_tracked<C>(
    _environment: &[(OsString, OsString)],
    leads_session: bool,
    spawn: impl FnOnce() -> io::Result<(C, Option<u32>)>,
) -> io::Result<(C, Tree)> {
    let (child, pid) = spawn()?;
    let leader = pid.unwrap_or(0);
    if leads_session {
        leaders().push(leader);
    }
    Ok((child, Tree { leader, leads_group: leads_session, leader_ended: false, asked: None }))
}

/// The leader of every task that is not finished, if it leads a group.
static LEADERS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn leaders() -> MutexGuard<'static, Vec<u32>> {
    LEADERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The groups of all tasks that were halted.
#[derive(Debug)]
pub(crate) struct HaltedProcesses(Vec<u32>);

/// Halts the groups of all tasks; on Windows, where there is no key for it, nothing.
pub(crate) fn halt() -> HaltedProcesses {
    let leaders = leaders().clone();
    #[cfg(unix)]
    leaders.iter().for_each(|leader| signal_group(*leader, rustix::process::Signal::STOP));
    HaltedProcesses(leaders)
}

impl HaltedProcesses {
    /// Lets them go on.
    pub(crate) fn go_on(&mut self) {
        #[cfg(unix)]
        self.0.iter().for_each(|leader| signal_group(*leader, rustix::process::Signal::CONT));
        self.0.clear();
    }
}

/// Whether the parent of this process is told when it halts, as it is in the same session and another group. Who else
/// may be, is not asked.
#[cfg(unix)]
pub(crate) fn is_job() -> bool {
    use rustix::process::{getpgid, getpgrp, getppid, getsid};
    let Some(parent) = getppid() else { return false };
    let in_session = getsid(Some(parent)).is_ok_and(|session| getsid(None) == Ok(session));
    in_session && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
}

#[cfg(not(unix))]
pub(crate) fn is_job() -> bool {
    false
}

#[cfg(unix)]
fn group(leader: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(leader).ok()?)
}

#[cfg(unix)]
fn signal_group(leader: u32, signal: rustix::process::Signal) {
    if let Some(group) = group(leader) {
        // It is gone if it fails.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// The processes of one task, as far as they are known.
#[derive(Debug)]
pub(crate) struct Tree {
    leader: u32,
    /// Otherwise it is in the group of this process, and only it is known.
    #[cfg_attr(not(unix), expect(dead_code, reason = "elsewhere the job object ends a task"))]
    leads_group: bool,
    leader_ended: bool,
    asked: Option<StopSignal>,
}

impl Tree {
    /// The runtime has waited for the leader.
    pub(crate) fn leader_ended(&mut self) {
        self.leader_ended = true;
    }

    /// Whether anything of the task still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        !self.leader_ended || self.group_is_alive()
    }

    /// Asks every process to end; only the first time, since some programs take a second request for impatience.
    pub(crate) fn ask_to_end(&mut self, signal: StopSignal) {
        if self.asked < Some(signal) {
            self.asked = Some(signal);
            #[cfg(unix)]
            {
                self.signal(match signal {
                    StopSignal::Interrupt => rustix::process::Signal::INT,
                    StopSignal::Terminate => rustix::process::Signal::TERM,
                });
                // One that is halted could not even end.
                self.signal(rustix::process::Signal::CONT);
            }
        }
    }

    /// Ends every process.
    pub(crate) fn kill(&mut self) {
        #[cfg(unix)]
        self.signal(rustix::process::Signal::KILL);
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        if self.leads_group {
            signal_group(self.leader, signal);
        } else if let Some(leader) = group(self.leader).filter(|_| !self.leader_ended) {
            // It has ended if it fails.
            let _ = rustix::process::kill_process(leader, signal);
        }
    }

    /// Finishes the task and leaves running what still does.
    pub(crate) fn let_go(self) -> Vec<LeftProcess> {
        let name = "a process of its group".to_owned();
        if self.group_is_alive() { vec![LeftProcess { pid: self.leader, name }] } else { Vec::new() }
    }

    #[cfg(unix)]
    fn group_is_alive(&self) -> bool {
        // The group keeps its number while it has a process.
        self.leads_group
            && group(self.leader).is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
    }

    #[cfg(not(unix))]
    fn group_is_alive(&self) -> bool {
        false
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        leaders().retain(|leader| *leader != self.leader);
    }
}

/// The environment of other processes is not told.
pub(crate) fn with_variable(
    _name: &str,
    _value: &str,
    _without: &[u32],
    _is_secret: &dyn Fn(&str) -> bool,
) -> Vec<LeftProcess> {
    Vec::new()
}
