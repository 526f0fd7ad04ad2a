//! Knows which processes belong to a task, through `/proc`, and signals exactly those.
//!
//! Must not decide when a task is ended, nor wait for anything. A process is never signalled by its bare number:
//! its start time is compared while a handle on it is held.
//!
//! A task's processes are those of its session if it leads one, its descendants, and, once [`adopt_orphans`] was called, those
//! that left both: a process whose parents have ended becomes a child of this one. Which task it came from is told
//! by when it was started and, while several tasks run, by the environment that it inherited; so give every run a
//! variable of its own if runs may overlap. A process whose origin stays unclear is not touched.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{self, Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions};
use tokio::signal::unix::{SignalKind, signal};

use crate::event::LeftProcess;
use crate::mask::Secrets;
use crate::stop_signal::StopSignal;

/// Every task of this process that is not finished: the children of a process are common to all of it.
static TASKS: Mutex<Tasks> = Mutex::new(Tasks {
    running: Vec::new(),
    awaited: Vec::new(),
    let_go: Vec::new(),
    let_go_sessions: Vec::new(),
});

static ADOPTS: AtomicBool = AtomicBool::new(false);

/// How long ended orphans are collected before they are removed.
const REAP_DELAY: Duration = Duration::from_millis(100);

/// Makes this process the parent of every process below it whose own parent has ended, so that a stop finds also
/// what a task detached; and removes them when they have ended. Call it once, inside of the tokio runtime that lives
/// as long as the process. Elsewhere than on Linux it does nothing.
///
/// # Errors
///
/// When the system refuses, or there is no runtime.
pub fn adopt_orphans() -> io::Result<()> {
    let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    let mut ended_children = signal(SignalKind::child())?;
    process::set_child_subreaper(Some(process::getpid()))?;
    ADOPTS.store(true, Ordering::Release);
    runtime.spawn(async move {
        while ended_children.recv().await.is_some() {
            // Children end in bursts.
            tokio::time::sleep(REAP_DELAY).await;
            if has_children() {
                let mut tasks = tasks();
                tasks.reap_orphans(&table());
            }
        }
    });
    Ok(())
}

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    pid: i32,
    /// In clock ticks since the system started.
    start: u64,
}

impl Identity {
    /// Whether an entry is in the session that this process leads. A session keeps the number of its leader. The number
    /// may be given away only when the session is empty, and then another process has it, or a session of a later one.
    fn has_in_session(self, entry: &Entry, table: &[Entry]) -> bool {
        let given_away = || table.iter().any(|other| other.id.pid == self.pid && other.id != self);
        entry.session == self.pid && entry.id.start >= self.start && !given_away()
    }
}

#[derive(Debug)]
struct Tasks {
    running: Vec<Running>,
    /// Children that the runtime waits for. Nobody else may, or their exit status would be lost.
    awaited: Vec<i32>,
    /// Processes that finished tasks left running on purpose.
    let_go: Vec<Identity>,
    let_go_sessions: Vec<i32>,
}

#[derive(Debug)]
struct Running {
    leader: Identity,
    /// It stayed in the session of this process, and so may all be that it starts.
    in_own_session: bool,
    /// As in `/proc/…/environ`: `NAME=value`.
    environment: HashSet<Vec<u8>>,
}

fn tasks() -> MutexGuard<'static, Tasks> {
    // No invariant spans two fields, so what a panic left behind is as good as before.
    TASKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `spawn`, which starts a process and tells its id; it leads a new session, or stays in that of this process.
pub(crate) fn spawn_tracked<C>(
    environment: &[(OsString, OsString)],
    leads_session: bool,
    spawn: impl FnOnce() -> io::Result<(C, Option<u32>)>,
) -> io::Result<(C, Tree)> {
    // Locked while it starts: a leader that ends at once must not be taken for an orphan.
    let mut tasks = tasks();
    let (child, pid) = spawn()?;
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
    // The runtime has not waited for it yet, so it is there even if it has ended.
    let start = read_entry(pid).map_or(0, |entry| entry.id.start);
    let leader = Identity { pid, start };
    let pairs = environment.iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
    tasks.running.push(Running { leader, in_own_session: !leads_session, environment: pairs.collect() });
    tasks.awaited.push(pid);
    let tree =
        Tree { leader, leader_ended: false, seen: HashSet::new(), group_asked: None, asked: HashSet::new() };
    Ok((child, tree))
}

/// The processes of one task.
#[derive(Debug)]
pub(crate) struct Tree {
    leader: Identity,
    leader_ended: bool,
    /// Everything that was found once: its link to the task may be gone.
    seen: HashSet<Identity>,
    group_asked: Option<StopSignal>,
    /// What was asked to end for itself.
    asked: HashSet<Identity>,
}

impl Tree {
    /// The runtime has waited for the leader; its number may be given to another process from now on.
    pub(crate) fn leader_ended(&mut self) {
        self.leader_ended = true;
        tasks().awaited.retain(|pid| *pid != self.leader.pid);
    }

    /// Whether anything of the task still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        let mut tasks = tasks();
        !self.left_nothing(&mut tasks) && !self.members(&mut tasks, &table()).is_empty()
    }

    /// Asks every process to end that was not asked yet. To be repeated while any is alive: one may just have been
    /// on its way out of the session. What is started later inside of the group is not asked, since that is how a
    /// task cleans up after itself.
    pub(crate) fn ask_to_end(&mut self, signal: StopSignal) {
        let members = self.members(&mut tasks(), &table());
        // An interrupt is for the group, as on a terminal.
        let mut others = self.outside_group(&members);
        if self.group_asked < Some(signal) {
            self.group_asked = Some(signal);
            let by = match signal {
                StopSignal::Interrupt => Signal::INT,
                StopSignal::Terminate => Signal::TERM,
            };
            self.signal_group(&members, by);
            // One that is halted could not even end.
            self.signal_group(&members, Signal::CONT);
            if signal == StopSignal::Interrupt {
                // What shells start in the background.
                let deaf = members.iter().filter(|member| member.ignores_interrupt);
                others.extend(deaf.map(|member| member.id));
            }
        }
        for member in others {
            // Once only: some programs take a second request for impatience.
            if self.asked.insert(member) {
                send(member, Signal::TERM);
                send(member, Signal::CONT);
            }
        }
    }

    /// Ends every process.
    pub(crate) fn kill(&mut self) {
        let members = self.members(&mut tasks(), &table());
        self.signal_group(&members, Signal::KILL);
        self.outside_group(&members).into_iter().for_each(|member| send(member, Signal::KILL));
    }

    /// Finishes the task and leaves running what still does; on purpose, unless it was asked to end.
    pub(crate) fn let_go(mut self) -> Vec<LeftProcess> {
        // The lock is released before `self` is dropped, which takes it too.
        let mut tasks = tasks();
        if self.left_nothing(&mut tasks) {
            return Vec::new();
        }
        let table = table();
        let members = self.members(&mut tasks, &table);
        // What this task may have left on purpose, no later stop of another task may end.
        let unclear = tasks
            .orphans(&table)
            .map(|orphan| orphan.id)
            .filter(|id| self.group_asked.is_none() && tasks.possible_owners(*id).contains(&self.leader));
        let let_go: Vec<_> = members.iter().map(|member| member.id).chain(unclear).collect();
        tasks.let_go.extend(let_go);
        tasks.let_go_sessions.extend(members.iter().map(|member| member.session));
        members.iter().map(|member| member.describe()).collect()
    }

    /// All of the group at once, so that none of them can start another one in between.
    fn signal_group(&self, members: &[Entry], signal: Signal) {
        let is_ours = !self.leader_ended || members.iter().any(|member| member.group == self.leader.pid);
        if let Some(pid) = Pid::from_raw(self.leader.pid).filter(|_| is_ours) {
            // It is gone if it fails.
            let _ = process::kill_process_group(pid, signal);
        }
    }

    fn outside_group(&self, members: &[Entry]) -> Vec<Identity> {
        members.iter().filter(|member| member.group != self.leader.pid).map(|member| member.id).collect()
    }

    /// Whether nothing can be left of the task, as far as that is known without a look at all processes of the system:
    /// what it started would be below this process, and there is nothing.
    fn left_nothing(&self, tasks: &mut Tasks) -> bool {
        let nothing = self.leader_ended && ADOPTS.load(Ordering::Acquire) && !has_children();
        if nothing {
            // They would be children, too.
            tasks.let_go.clear();
            tasks.let_go_sessions.clear();
        }
        nothing
    }

    /// The living processes of the task.
    fn members(&mut self, tasks: &mut Tasks, table: &[Entry]) -> Vec<Entry> {
        tasks.forget_ended(table);
        tasks.reap_orphans(table);
        let mut members: HashSet<i32> = table
            .iter()
            .filter(|entry| self.leader.has_in_session(entry, table) || self.seen.contains(&entry.id))
            // On a terminal it leads no session.
            .chain(table.iter().filter(|entry| entry.id == self.leader))
            .map(|entry| entry.id.pid)
            .collect();
        let owned = tasks.orphans(table).filter(|orphan| tasks.owner(orphan.id) == Some(self.leader));
        members.extend(owned.map(|orphan| orphan.id.pid));
        add_descendants(&mut members, table);
        let living = |entry: &&Entry| !entry.ended && members.contains(&entry.id.pid);
        let living: Vec<Entry> = table.iter().filter(living).cloned().collect();
        self.seen.extend(living.iter().map(|entry| entry.id));
        living
    }
}

/// What was halted of all tasks.
#[derive(Debug)]
pub(crate) struct HaltedProcesses(HashSet<Identity>);

/// Halts every process of all tasks; what was halted before is not of these. The key that halts does nothing to them:
/// they are in sessions of their own, where the kernel takes its signal for nothing.
pub(crate) fn halt() -> HaltedProcesses {
    /// Whoever starts processes that fast is not caught up with.
    const LOOKS: usize = 100;
    let mut halted = HashSet::new();
    for _ in 0..LOOKS {
        let table = table();
        let living = tasks().living(&table);
        // One that goes on may have started another one since.
        let found: Vec<_> = living.filter(|entry| !entry.halted && !halted.contains(&entry.id)).collect();
        if found.is_empty() {
            break;
        }
        for entry in found {
            send(entry.id, Signal::STOP);
            halted.insert(entry.id);
        }
    }
    HaltedProcesses(halted)
}

impl HaltedProcesses {
    /// Lets them go on.
    pub(crate) fn go_on(&mut self) {
        self.0.drain().for_each(|process| send(process, Signal::CONT));
    }
}

/// Whether somebody is told when this process halts: the parent of a process of its group, in the same session and
/// another group. POSIX calls a group without one orphaned, and its processes do not heed the key that halts.
pub(crate) fn is_job() -> bool {
    let table = table();
    let find = |pid| table.iter().find(|entry| entry.id.pid == pid);
    let Some(own) = find(own_pid()) else { return false };
    let is_shell = |parent: &Entry| parent.session == own.session && parent.group != own.group;
    let of_group = table.iter().filter(|entry| entry.group == own.group && !entry.ended);
    // A group of 0 is one of outside of this namespace, whose processes are not all seen.
    own.group != 0 && of_group.filter_map(|entry| find(entry.parent)).any(is_shell)
}

impl Drop for Tree {
    fn drop(&mut self) {
        let mut tasks = tasks();
        tasks.running.retain(|running| running.leader != self.leader);
        // Nobody waits for a leader that was let go, and its number may be given to another process.
        if !self.leader_ended {
            tasks.awaited.retain(|pid| *pid != self.leader.pid);
        }
    }
}

impl Tasks {
    /// Living processes that were adopted and that no finished task left running on purpose.
    fn orphans<'a>(&'a self, table: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
        let own_session = own_session(table);
        let adopted = table.iter().filter(move |entry| !entry.ended && self.is_adopted(entry, own_session));
        adopted.filter(|entry| {
            let let_go = self.let_go.contains(&entry.id) || self.let_go_sessions.contains(&entry.session);
            let in_session = self.running.iter().any(|running| running.leader.pid == entry.session);
            !let_go && !in_session
        })
    }

    /// The living processes of all running tasks.
    fn living<'a>(&self, table: &'a [Entry]) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let of_session =
            |entry: &&Entry| self.running.iter().any(|running| running.leader.has_in_session(entry, table));
        let mut living: HashSet<i32> = table.iter().filter(of_session).map(|entry| entry.id.pid).collect();
        let owned = self.orphans(table).filter(|orphan| self.owner(orphan.id).is_some());
        living.extend(owned.map(|orphan| orphan.id.pid));
        add_descendants(&mut living, table);
        table.iter().filter(move |entry| !entry.ended && living.contains(&entry.id.pid))
    }

    /// Children that this process started itself are leaders of tasks, or in its own session while no task is.
    fn is_adopted(&self, entry: &Entry, own_session: i32) -> bool {
        ADOPTS.load(Ordering::Acquire)
            && entry.parent == own_pid()
            && (entry.session != own_session || self.running.iter().any(|running| running.in_own_session))
            && !self.awaited.contains(&entry.id.pid)
    }

    /// The leader of the running task that an orphan came from; nothing when that is unclear.
    fn owner(&self, orphan: Identity) -> Option<Identity> {
        match self.possible_owners(orphan).as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The leaders of the running tasks that it may have come from: those that were there before it, and of these
    /// the ones with whose environment its own agrees best.
    fn possible_owners(&self, orphan: Identity) -> Vec<Identity> {
        let older = |running: &&Running| running.leader.start <= orphan.start;
        let mut candidates: Vec<_> = self.running.iter().filter(older).collect();
        if candidates.len() > 1
            && let Some(environment) = environment(orphan)
        {
            let inherited = |running: &Running| {
                environment
                    .split(|byte| *byte == 0)
                    .filter(|pair| running.environment.contains(*pair))
                    .count()
            };
            let most = candidates.iter().map(|running| inherited(running)).max();
            candidates.retain(|running| Some(inherited(running)) == most);
        }
        candidates.into_iter().map(|running| running.leader).collect()
    }

    /// Removes adopted processes that have ended; nobody else will.
    fn reap_orphans(&mut self, table: &[Entry]) {
        let own_session = own_session(table);
        for entry in table.iter().filter(|entry| entry.ended && self.is_adopted(entry, own_session)) {
            if let Some(pid) = Pid::from_raw(entry.id.pid) {
                // It is this process's own child, so its number is still its own. What else is there to do?
                let _ = process::waitpid(Some(pid), WaitOptions::NOHANG);
            }
        }
    }

    fn forget_ended(&mut self, table: &[Entry]) {
        self.let_go.retain(|id| table.iter().any(|entry| entry.id == *id));
        self.let_go_sessions.retain(|session| table.iter().any(|entry| entry.session == *session));
    }
}

/// Whether this process has children, living or ended, its own or adopted ones.
fn has_children() -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // Anything else than "no children" leaves the answer to a closer look.
    process::waitid(WaitId::All, look).err() != Some(Errno::CHILD)
}

fn own_pid() -> i32 {
    process::getpid().as_raw_nonzero().get()
}

/// The session of this process; 0 when its leader is outside of the process's namespace, as for a program that was
/// started in a container from outside. All processes of such sessions have that number.
fn own_session(table: &[Entry]) -> i32 {
    // Not by `getsid`: rustix takes a session of 0 for impossible.
    let own = own_pid();
    table.iter().find(|entry| entry.id.pid == own).map_or(0, |entry| entry.session)
}

fn add_descendants(members: &mut HashSet<i32>, table: &[Entry]) {
    loop {
        let before = members.len();
        for entry in table {
            if members.contains(&entry.parent) {
                members.insert(entry.id.pid);
            }
        }
        if members.len() == before {
            return;
        }
    }
}

/// Signals a process, or nothing if its number belongs to another one by now.
fn send(target: Identity, signal: Signal) {
    let Some(pid) = Pid::from_raw(target.pid) else { return };
    let is_same = || read_entry(target.pid).is_some_and(|entry| entry.id == target);
    // A signal that cannot be sent has nobody to go to, or the process belongs to another user: then the task
    // tells that it was left running.
    match process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) if is_same() => {
            let _ = process::pidfd_send_signal(&handle, signal);
        }
        // Kernels before 5.3 and some sandboxes have no handles.
        Err(Errno::NOSYS | Errno::PERM) if is_same() => {
            let _ = process::kill_process(pid, signal);
        }
        _ => {}
    }
}

/// A line of the system's table of processes.
#[derive(Clone, Debug)]
struct Entry {
    id: Identity,
    name: String,
    parent: i32,
    group: i32,
    session: i32,
    /// It only waits to be removed.
    ended: bool,
    /// It was halted.
    halted: bool,
    /// A signal INT is lost on it.
    ignores_interrupt: bool,
    /// Its program and environment are in memory.
    loaded: bool,
}

impl Entry {
    fn describe(&self) -> LeftProcess {
        LeftProcess { pid: self.id.pid.unsigned_abs(), name: self.name.clone() }
    }
}

fn table() -> Vec<Entry> {
    // Without `/proc` only the task's group is known, which is signalled in any case.
    let Ok(directory) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = directory.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(read_entry).collect()
}

/// The living processes of this user that were started with this value of a variable, without some and all that these
/// have started; the values of secret variables with which they were started are masked in their names.
pub(crate) fn with_variable(
    name: &str,
    value: &str,
    without: &[u32],
    is_secret: &dyn Fn(&str) -> bool,
) -> Vec<LeftProcess> {
    let pair = format!("{name}={value}").into_bytes();
    let environment_with_it = |entry: &Entry| {
        let environment = environment(entry.id).unwrap_or_default();
        let has_it = environment.split(|byte| *byte == 0).any(|found| found == pair);
        has_it.then_some(environment)
    };
    let table = table();
    let mut left_out = without.iter().filter_map(|pid| i32::try_from(*pid).ok()).collect();
    add_descendants(&mut left_out, &table);
    let wanted = table.iter().filter(|entry| !entry.ended && !left_out.contains(&entry.id.pid));
    let described = wanted.filter_map(|entry| {
        let secrets = secrets(&environment_with_it(entry)?, is_secret);
        let found = entry.describe();
        Some(LeftProcess { name: secrets.mask(&found.name).into_owned(), ..found })
    });
    described.collect()
}

/// The values of the secret variables of an environment.
fn secrets(environment: &[u8], is_secret: &dyn Fn(&str) -> bool) -> Secrets {
    let values = environment.split(|byte| *byte == 0).filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (std::str::from_utf8(&pair[..at]).ok()?, &pair[at + 1..]);
        is_secret(name).then(|| OsStr::from_bytes(value))
    });
    Secrets::new(values)
}

/// What a process was started with, as `NAME=value` with a NUL after each; nothing when it may not be read.
fn environment(id: Identity) -> Option<Vec<u8>> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let environment = std::fs::read(format!("/proc/{}/environ", id.pid)).ok()?;
        let unloaded =
            || read_entry(id.pid).is_some_and(|entry| entry.id == id && !entry.loaded && !entry.ended);
        if !environment.is_empty() || !unloaded() {
            return Some(environment);
        }
        // It is just becoming another program, and has none for the blink of an eye.
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

fn read_entry(pid: i32) -> Option<Entry> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&String::from_utf8_lossy(&stat))
}

/// See proc_pid_stat(5). The name stands in parentheses and may have anything in it, so the last one ends it.
fn parse_stat(stat: &str) -> Option<Entry> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<i32>().ok();
    Some(Entry {
        id: Identity { pid: pid.parse().ok()?, start: fields.get(19)?.parse().ok()? },
        name: name.to_owned(),
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        ended: matches!(*fields.first()?, "Z" | "X" | "x"),
        halted: matches!(*fields.first()?, "T" | "t"),
        ignores_interrupt: number(30).is_some_and(|ignored| ignored & (1 << (Signal::INT.as_raw() - 1)) != 0),
        // The address of the environment.
        loaded: fields.get(47).is_some_and(|address| *address != "0"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        let stat = "42 (a) S 1 (b) Z 7 8 9 0 -1 4194304 112 0 0 0 0 0 0 0 20 0 1 0 31349 3133440 380";
        let entry = parse_stat(stat).unwrap();
        assert_eq!(entry.id, Identity { pid: 42, start: 31349 });
        assert_eq!((entry.name.as_str(), entry.parent, entry.group, entry.session), ("a) S 1 (b", 7, 8, 9));
        assert!(entry.ended);
        assert!(parse_stat("42 (a").is_none());
    }

    #[test]
    fn a_leader_that_was_let_go_is_not_awaited() {
        let spawn = || {
            let child = std::process::Command::new("sleep").arg("600").spawn()?;
            let pid = child.id();
            Ok((child, Some(pid)))
        };
        let (mut child, tree) = spawn_tracked(&[], false, spawn).unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(tasks().awaited.contains(&pid));
        assert_eq!(tree.let_go().len(), 1);
        assert!(!tasks().awaited.contains(&pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn this_process_is_in_the_table() {
        let table = table();
        let own = table.iter().find(|entry| entry.id.pid == own_pid()).unwrap();
        assert_eq!(own.session, own_session(&table));
        assert!(!own.ended);
    }
}
