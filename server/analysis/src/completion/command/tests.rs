use expect_test::{Expect, expect};

use super::*;
use crate::completion::strip_placeholders;
use crate::edit::TextEdit;
use crate::options::Options;

fn candidates() -> Vec<Candidate> {
    let texts = ["a b.sh", "it's", "HOME", "é$X\"\\", "helm"];
    let kind = CompletionKind::File;
    texts.map(|text| Candidate { text: text.into(), kind, detail: String::new() }).to_vec()
}

/// Shows what belongs to `$0`, and what each candidate makes of the line.
fn check_with(marked: &str, options: Options, expect: Expect) {
    let offset = TextSize::new(marked.find("$0").expect("a cursor") as u32);
    let text = marked.replacen("$0", "", 1);
    let analysis = Parsed::new(text.as_str(), options);
    let Some(site) = site(&analysis, offset) else { return expect.assert_eq("nothing") };
    let mut shown = format!("{:?} after {:?}\n", site.wanted, site.typed);
    for completion in offer(&site, candidates()) {
        let edit = TextEdit::replace(completion.range, strip_placeholders(&completion.snippet));
        let text = edit::apply(&text, &[edit]);
        assert!(
            Parsed::new(text.as_str(), options).tree.errors.len() <= analysis.tree.errors.len(),
            "{text}"
        );
        shown += &format!("{}: {}\n", completion.label, text.trim_start_matches("[pre-up]\n").trim_end());
    }
    expect.assert_eq(&shown);
}

fn check(marked: &str, expect: Expect) {
    check_with(marked, Options::default(), expect);
}

#[test]
fn programs_and_scripts() {
    check(
        "[pre-up]\na = \"$0\"\n",
        expect![[r#"
        Program after ""
        a b.sh: a = "a\\ b.sh"
        it's: a = "it\\'s"
        HOME: a = "HOME"
        é$X"\: a = "é\\$X\\\"\\\\"
        helm: a = "helm"
    "#]],
    );
    check(
        "[pre-up]\na = 'he$0'\n",
        expect![[r#"
        Program after "he"
        helm: a = 'helm'
    "#]],
    );
    check(
        "[pre-up]\na = 'scripts/$0'\n",
        expect![[r#"
        ScriptIn("scripts/") after ""
        a b.sh: a = 'scripts/a\ b.sh'
        HOME: a = 'scripts/HOME'
        é$X"\: a = 'scripts/é\$X\"\\'
        helm: a = 'scripts/helm'
    "#]],
    );
    check(
        "[pre-up]\na = '''\n$0'''\n",
        expect![[r#"
        Program after ""
        a b.sh: a = '''
        a\ b.sh'''
        it's: a = '''
        it\'s'''
        HOME: a = '''
        HOME'''
        é$X"\: a = '''
        é\$X\"\\'''
        helm: a = '''
        helm'''
    "#]],
    );
}

#[test]
fn variables() {
    check(
        "[pre-up]\na = \"echo $$0\"\n",
        expect![[r#"
        Variable { braces: false } after ""
        $a b.sh: a = "echo $a b.sh"
        $it's: a = "echo $it's"
        $HOME: a = "echo $HOME"
        $é$X"\: a = "echo $é$X\"\\"
        $helm: a = "echo $helm"
    "#]],
    );
    check(
        "[pre-up]\na = \"echo x$HO$0MES y\"\n",
        expect![[r#"
        Variable { braces: false } after "HO"
        $HOME: a = "echo x$HOME y"
    "#]],
    );
    check(
        "[pre-up]\na = 'echo \"${H$0}x\"'\n",
        expect![[r#"
        Variable { braces: true } after "H"
        ${HOME}: a = 'echo "${HOME}x"'
    "#]],
    );
    check(
        "[pre-up]\na = \"echo \\u0024H$0\"\n",
        expect![[r#"
        Variable { braces: false } after "H"
        $HOME: a = "echo $HOME"
    "#]],
    );
    check(
        "[pre-up]\na = \"echo $$$0\"\n",
        expect![[r#"
        FileIn("") after "$$"
    "#]],
    );
    check(
        "[pre-up]\na = 'echo \\$H$0'\n",
        expect![[r#"
        FileIn("") after "$H"
    "#]],
    );
    check(
        "[pre-up]\na = \"sh -c '$H$0'\"\n",
        expect![[r#"
        FileIn("") after "$H"
    "#]],
    );
    check(
        "[post-deploy]\na = \"echo $H$0\"\n",
        expect![[r#"
        Variable { braces: false } after "H"
        $HOME: [post-deploy]
        a = "echo $HOME"
    "#]],
    );
    check("[post-deploy]\na = \"echo $0\"\n", expect!["nothing"]);
}

#[test]
fn files_are_quoted_as_the_place_needs() {
    check(
        "[pre-up]\na = \"cat $0\"\n",
        expect![[r#"
        FileIn("") after ""
        a b.sh: a = "cat a\\ b.sh"
        it's: a = "cat it\\'s"
        HOME: a = "cat HOME"
        é$X"\: a = "cat é\\$X\\\"\\\\"
        helm: a = "cat helm"
    "#]],
    );
    check(
        "[pre-up]\na = 'cat d/$0 x'\n",
        expect![[r#"
        FileIn("d/") after ""
        a b.sh: a = 'cat d/a\ b.sh x'
        HOME: a = 'cat d/HOME x'
        é$X"\: a = 'cat d/é\$X\"\\ x'
        helm: a = 'cat d/helm x'
    "#]],
    );
    check(
        "[pre-up]\na = 'cat \"d e/$0'\n",
        expect![[r#"
        FileIn("d e/") after ""
        a b.sh: a = 'cat "d e/a b.sh'
        HOME: a = 'cat "d e/HOME'
        é$X"\: a = 'cat "d e/é\$X\"\\'
        helm: a = 'cat "d e/helm'
    "#]],
    );
    check(
        "[pre-up]\na = \"cat 'd e/$0'\"\n",
        expect![[r#"
        FileIn("d e/") after ""
        a b.sh: a = "cat 'd e/a b.sh'"
        HOME: a = "cat 'd e/HOME'"
        é$X"\: a = "cat 'd e/é$X\"\\'"
        helm: a = "cat 'd e/helm'"
    "#]],
    );
    check(
        "[pre-up]\na = \"x --file=d/a$0\"\n",
        expect![[r#"
        FileIn("d/") after "a"
        a b.sh: a = "x --file=d/a\\ b.sh"
    "#]],
    );
    check(
        "[pre-up]\na = \"x a\\\\ $0\"\n",
        expect![[r#"
        FileIn("") after "a "
        a b.sh: a = "x a\\ b.sh"
    "#]],
    );
}

#[test]
fn arguments_of_make_and_npm() {
    check(
        "[pre-up]\na = \"make -C sub he$0\"\n",
        expect![[r#"
        Offered(Makefile(Makefile { directory: "sub", file: None })) after "he"
        helm: a = "make -C sub helm"
    "#]],
    );
    check(
        "[pre-up]\na = \"make -f $0\"\n",
        expect![[r#"
        FileIn("") after ""
        a b.sh: a = "make -f a\\ b.sh"
        it's: a = "make -f it\\'s"
        HOME: a = "make -f HOME"
        é$X"\: a = "make -f é\\$X\\\"\\\\"
        helm: a = "make -f helm"
    "#]],
    );
    check(
        "[pre-up]\na = \"npm run $0\"\n",
        expect![[r#"
        Offered(Package("")) after ""
        a b.sh: a = "npm run a\\ b.sh"
        it's: a = "npm run it\\'s"
        HOME: a = "npm run HOME"
        é$X"\: a = "npm run é\\$X\\\"\\\\"
        helm: a = "npm run helm"
    "#]],
    );
    check(
        "[pre-up]\na = \"npm run-script he$0 x\"\n",
        expect![[r#"
        Offered(Package("")) after "he"
        helm: a = "npm run-script helm x"
    "#]],
    );
    check(
        "[pre-up]\na = \"npm run x $0\"\n",
        expect![[r#"
        FileIn("") after ""
        a b.sh: a = "npm run x a\\ b.sh"
        it's: a = "npm run x it\\'s"
        HOME: a = "npm run x HOME"
        é$X"\: a = "npm run x é\\$X\\\"\\\\"
        helm: a = "npm run x helm"
    "#]],
    );
}

#[test]
fn nothing() {
    check("[pre-up]\na$0 = \"x\"\n", expect!["nothing"]);
    check("[pre-up]\na = $0\"x\"\n", expect!["nothing"]);
    check("[pre-up]\na = \"x\"$0\n", expect!["nothing"]);
    check("[pre-up]\na = \"x \\$0\"y\\\" z\"\n", expect!["nothing"]);
    check("[pre-up]\na = \"x \\u00$0e9\"\n", expect!["nothing"]);
    check("[pre-up]\na = \"\"\"x $\\\n  H$0\"\"\"\n", expect!["nothing"]);
    check("[tool]\na = \"$0\"\n", expect!["nothing"]);
    check("[pre-up]\na = \"x -f$0\"\n", expect!["nothing"]);
    check("[pre-up]\na = 'x \\$0'\n", expect!["nothing"]);
    check("[pre-up]\na = \"$X/$0\"\n", expect!["nothing"]);
}

#[test]
fn as_draft_splits() {
    let options = Options { semantics: Semantics::Draft, ..Options::default() };
    check_with(
        "[pre-up]\na = \"cat $0\"\n",
        options,
        expect![[r#"
        FileIn("") after ""
        it's: a = "cat it's"
        HOME: a = "cat HOME"
        helm: a = "cat helm"
    "#]],
    );
    check_with(
        "[pre-up]\na = \"cat 'x $H$0\"\n",
        options,
        expect![[r#"
        Variable { braces: false } after "H"
        $HOME: a = "cat 'x $HOME"
    "#]],
    );
    check_with(
        "[pre-up]\na = \"$0\"\n",
        options,
        expect![[r#"
        Program after ""
        it's: a = "it's"
        HOME: a = "HOME"
        helm: a = "helm"
    "#]],
    );
}

#[test]
fn values_of_variables() {
    assert_eq!(Candidate::variable("EMPTY", "").detail, "empty");
    assert_eq!(Candidate::variable("HOME", "/root\n").detail, "/root ");
}
