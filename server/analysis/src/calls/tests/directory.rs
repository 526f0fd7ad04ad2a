//! Where calls run.

use super::*;

/// Where a command calls `kubectl`.
fn directory(command: &str) -> Option<String> {
    let calls = read(command);
    let call = calls.called.iter().find(|call| call.name() == "kubectl");
    call.unwrap_or_else(|| panic!("`kubectl` is not called by {command}")).directory.clone()
}

#[test]
fn a_call_knows_the_directory_in_which_it_runs() {
    for (command, expected) in [
        ("kubectl get", ""),
        ("sh -c 'cd prod && kubectl get'", "prod"),
        ("sh -c 'set -e; cd prod || exit; kubectl get'", "prod"),
        ("sh -c 'cd a; cd b; kubectl get'", "a/b"),
        ("sh -c 'cd a; cd /b; kubectl get'", "/b"),
        ("sh -c 'cd -P -- a; kubectl get'", "a"),
        ("sh -c 'cd prod && cat x | kubectl apply -f -'", "prod"),
        ("sh -c '{ cd prod; kubectl get; }'", "prod"),
        ("sh -c 'cd prod; sudo sh -c \"kubectl get\"'", "prod"),
        // A process of its own comes back.
        ("sh -c '(cd prod; ls); kubectl get'", ""),
        ("sh -c 'a=$(cd prod; pwd); kubectl get'", ""),
        ("sh -c 'a=`cd prod; pwd`; kubectl get'", ""),
        ("sh -c 'cat <(cd prod; ls); kubectl get'", ""),
        ("sh -c 'sh -c \"cd prod\"; kubectl get'", ""),
        ("timeout 5 kubectl get -w", ""),
    ] {
        assert_eq!(directory(command).as_deref(), Some(expected), "{command}");
    }
}

#[test]
fn a_directory_that_is_not_certain_is_not_known() {
    for command in [
        "sh -c 'cd \"$(ls)\" && kubectl get'",
        "sh -c 'cd $UNSET && kubectl get'",
        "sh -c 'cd && kubectl get'",
        "sh -c 'cd ~/a && kubectl get'",
        "sh -c 'cd a; cd ..; kubectl get'",
        "sh -c 'cd a; cd -; kubectl get'",
        "sh -c 'cd a; cd \"$OLDPWD\"; kubectl get'",
        "sh -c 'pushd a; popd; kubectl get'",
        "sh -c 'CDPATH=/x; cd a; kubectl get'",
        "sh -c 'if x; then cd a; fi; kubectl get'",
        "sh -c 'for i in a b; do cd $i; kubectl get; done'",
        "sh -c 'case $1 in a) cd a;; esac; kubectl get'",
        "sh -c 'test -d a && cd a; kubectl get'",
        "sh -c 'cd a & kubectl get'",
        "sh -c 'cd a && make & kubectl get'",
        "sh -c 'cd a | ls; kubectl get'",
        "sh -c 'ls | cd a; kubectl get'",
        "sh -c 'f() { cd a; }; f; kubectl get'",
        "sh -c 'function f { cd a; }; f; kubectl get'",
        "sh -c 'trap \"cd a\" DEBUG; kubectl get'",
        "sh -c 'alias c=\"cd a\"; c; kubectl get'",
        "sh -c '. ./env.sh; kubectl get'",
        "sh -c '$ENTER a; kubectl get'",
        "env -C a kubectl get",
        "env --chdir=a sh -c 'kubectl get'",
        "env -C a -S 'kubectl get'",
        "sudo -D a kubectl get",
        "pnpm -C a exec kubectl get",
        "parallel --workdir a kubectl get ::: b",
        "find . -execdir kubectl apply -f '{}' ';'",
    ] {
        assert_eq!(directory(command), None, "{command}");
    }
    assert_eq!(beside("sh -c 'cd \"$(ls)\"; $PWD/x.sh'"), [Beside::Near("x.sh".into())]);
    assert_eq!(
        beside("sh -c 'make && cd x; ./a.sh'"),
        [beside("make"), beside("sh -c 'cd x; ./a.sh'")].concat()
    );
}
