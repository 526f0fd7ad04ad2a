//! `draft-tasks fmt`: files in place, whole or not at all.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::tool::{Tool, not_tested};

const ROUGH: &str = "[pre-up]\nhello=\"echo hello\"\n\n\n\n[cleanup]\nbye   = 'echo'";
const FINE: &str = "[pre-up]\nhello = \"echo hello\"\n\n[cleanup]\nbye = 'echo'\n";

#[test]
fn formats_in_place_and_only_once() {
    let tool = Tool::new(ROUGH);
    let called = tool.call(&["fmt"]);
    assert_eq!((called.code, called.stderr.as_str()), (Some(0), ""), "{called:?}");
    assert_eq!(called.stdout, "formatted .draft-tasks.toml\n");
    assert_eq!(tool.read(".draft-tasks.toml"), FINE);
    let inode = tool.path(".draft-tasks.toml").metadata().expect("a file").ino();
    let called = tool.call(&["fmt"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(0), ""), "{called:?}");
    assert_eq!(
        tool.path(".draft-tasks.toml").metadata().expect("a file").ino(),
        inode,
        "it is not written again"
    );
}

#[test]
fn only_looks_when_it_is_asked_to() {
    let tool = Tool::new(ROUGH);
    let called = tool.call(&["fmt", "--check"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(1), ".draft-tasks.toml is not formatted\n"));
    assert_eq!(tool.read(".draft-tasks.toml"), ROUGH);
    tool.write(".draft-tasks.toml", FINE.as_bytes());
    let called = tool.call(&["fmt", "--check"]);
    assert_eq!((called.code, called.stdout.as_str()), (Some(0), ""));
}

#[test]
fn keeps_permissions_and_links() {
    let tool = Tool::empty();
    tool.write("real/tasks", ROUGH.as_bytes());
    let file = tool.path("real/tasks");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink("real/tasks", tool.path(".draft-tasks.toml")).expect("a link");
    assert_eq!(tool.call(&["fmt"]).code, Some(0));
    assert_eq!(tool.read("real/tasks"), FINE);
    assert_eq!(file.metadata().expect("a file").mode() & 0o777, 0o640);
    assert!(tool.path(".draft-tasks.toml").is_symlink());
    let left: Vec<_> = std::fs::read_dir(tool.path("real"))
        .expect("a directory")
        .map(|it| it.expect("a file").file_name())
        .collect();
    assert_eq!(left, ["tasks"], "nothing else is left there");
}

#[test]
fn leaves_a_broken_file_alone_and_says_where_it_is_broken() {
    for arguments in [&["fmt"][..], &["fmt", "--check"]] {
        let text = "[pre-up]\na=\"b\"\nc = \"\n";
        let tool = Tool::new(text);
        let called = tool.call(arguments);
        assert_eq!((called.code, called.stdout.as_str()), (Some(2), ""), "{called:?}");
        assert!(called.stderr.starts_with("error: .draft-tasks.toml:3:"), "{called:?}");
        assert_eq!(tool.read(".draft-tasks.toml"), text);
    }
}

#[test]
fn one_file_that_fails_does_not_keep_the_others_from_being_formatted() {
    let tool = Tool::new(ROUGH);
    tool.write("broken.toml", b"[");
    tool.write("latin.toml", b"# \xe9\n");
    let called = tool.call(&["fmt", "broken.toml", "latin.toml", "none.toml", "."]);
    assert_eq!(
        (called.code, called.stdout.as_str()),
        (Some(2), "formatted .draft-tasks.toml\n"),
        "{called:?}"
    );
    assert_eq!(called.stderr.lines().count(), 3, "{called:?}");
    assert_eq!(tool.read(".draft-tasks.toml"), FINE);
}

#[test]
fn keeps_line_ends_and_the_byte_order_mark() {
    let tool = Tool::new("\u{feff}[pre-up]\r\nhello=\"echo é🚀\" # 🚀\r\n");
    assert_eq!(tool.call(&["fmt"]).code, Some(0));
    assert_eq!(tool.read(".draft-tasks.toml"), "\u{feff}[pre-up]\r\nhello = \"echo é🚀\" # 🚀\r\n");
    assert_eq!(tool.call(&["fmt", "--check"]).code, Some(0));
}

#[test]
fn a_directory_that_may_not_be_written_is_an_error_and_nothing_is_lost() {
    let tool = Tool::empty();
    tool.write("closed/.draft-tasks.toml", ROUGH.as_bytes());
    let directory = tool.path("closed");
    let mode = |mode| {
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).expect("permissions")
    };
    mode(0o555);
    let called = tool.call_as_user(&["fmt", "closed"]);
    mode(0o755);
    let Some(called) = called else { return };
    assert!(called.code == Some(2) && called.stderr.contains("cannot be written"), "{called:?}");
    assert_eq!(tool.read("closed/.draft-tasks.toml"), ROUGH);
}

/// What both `fmt` and `check --fix` change.
const BOTH: &str = "[Pre-Up]\nhello=\"true\"\n";
const WRITERS: [&[&str]; 2] = [&["fmt"], &["check", "--fix"]];

#[test]
fn what_writes_keeps_the_owner() {
    for arguments in WRITERS {
        let tool = Tool::new(BOTH);
        let file = tool.path(".draft-tasks.toml");
        // Only root can give something away.
        if std::os::unix::fs::chown(&file, Some(65534), Some(65533)).is_err() {
            return not_tested("`fmt` and `check --fix` of another user's file, which takes root");
        }
        assert_eq!(tool.call(arguments).code, Some(0), "{arguments:?}");
        assert_ne!(tool.read(".draft-tasks.toml"), BOTH);
        let kept = file.metadata().expect("a file");
        assert_eq!((kept.uid(), kept.gid()), (65534, 65533), "{arguments:?}");
    }
}

#[test]
fn what_writes_keeps_an_access_control_list() {
    const NAME: &str = "system.posix_acl_access";
    // Of version 2: the owner, user 65534, the group, the mask, all others; each with a kind, what it may, and who it is.
    let entries = [(1, 6, u32::MAX), (2, 6, 65534), (4, 4, u32::MAX), (16, 6, u32::MAX), (32, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (kind, may, who) in entries {
        list.extend([kind, 0, may, 0].into_iter().chain(who.to_le_bytes()));
    }
    for arguments in WRITERS {
        let tool = Tool::new(BOTH);
        let file = tool.path(".draft-tasks.toml");
        if rustix::fs::setxattr(&file, NAME, &list, rustix::fs::XattrFlags::empty()).is_err() {
            return not_tested("access control lists, which this file system does not have");
        }
        assert_eq!(tool.call(arguments).code, Some(0), "{arguments:?}");
        assert_ne!(tool.read(".draft-tasks.toml"), BOTH);
        let mut kept = [0; 128];
        let size = rustix::fs::getxattr(&file, NAME, &mut kept).expect("a list");
        assert_eq!(kept[..size], list, "{arguments:?}");
    }
}

#[test]
fn keeps_hard_links_and_attributes() {
    let tool = Tool::new(ROUGH);
    let file = tool.path(".draft-tasks.toml");
    std::fs::hard_link(&file, tool.path("other")).expect("a link");
    // Not every file system has them.
    let marked = rustix::fs::setxattr(&file, "user.origin", b"x", rustix::fs::XattrFlags::empty()).is_ok();
    if !marked {
        not_tested("attributes of files, which this file system does not have");
    }
    assert_eq!(tool.call(&["fmt"]).code, Some(0));
    assert_eq!((tool.read("other"), file.metadata().expect("a file").nlink()), (FINE.to_owned(), 2));
    let mut value = [0; 8];
    assert!(!marked || rustix::fs::getxattr(&file, "user.origin", &mut value) == Ok(1));
    let left = std::fs::read_dir(tool.path("")).expect("a directory");
    assert!(left.flatten().all(|it| !it.file_name().to_string_lossy().starts_with(".tmp")));
}

#[test]
fn what_is_there_twice_is_named_with_its_line() {
    let tool = Tool::new("[pre-up]\na = \"x\"\na = \"y\"\n");
    let called = tool.call(&["fmt"]);
    let said =
        "error: .draft-tasks.toml:3:1: the task `a` is defined twice in `pre-up`; a file with syntax errors";
    assert!(called.code == Some(2) && called.stderr.starts_with(said), "{called:?}");
}

#[test]
fn refuses_what_is_read_only() {
    for arguments in WRITERS {
        let tool = Tool::new(BOTH);
        let file = tool.path(".draft-tasks.toml");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).expect("permissions");
        let called = tool.call(arguments);
        assert_eq!(called.code, Some(2), "{called:?}");
        assert_eq!(called.stderr, "error: .draft-tasks.toml: is read-only; nothing is written\n");
        assert_eq!(tool.read(".draft-tasks.toml"), BOTH);
    }
}

#[test]
fn a_disk_without_room_leaves_the_file_and_nothing_else() {
    let tool = Tool::new(ROUGH);
    let called = tool.call_after("ulimit -f 0", &["fmt"]);
    let said = "error: .draft-tasks.toml: cannot be written: File too large (os error 27)\n";
    assert_eq!((called.code, called.stderr.as_str()), (Some(2), said));
    assert_eq!(tool.read(".draft-tasks.toml"), ROUGH);
    let names: Vec<_> = std::fs::read_dir(tool.path("")).expect("a folder").flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}
