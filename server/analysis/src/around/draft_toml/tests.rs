use expect_test::{Expect, expect};

use super::*;
use crate::command::DraftVersion;
use crate::project::DraftToml;

const ADD: fn(&str, &str) -> Option<TextEdit> = add_environment;
const SWITCH: fn(&str, &str) -> Option<TextEdit> = set_auto_connect;
const NAME: fn(&str, &str) -> Option<TextEdit> = add_namespace;

fn check(fix: fn(&str, &str) -> Option<TextEdit>, before: &str, expect: Expect) {
    let shown = fix(before, "dev").map_or("nothing\n".to_owned(), |edit| edit::apply(before, &[edit]));
    expect.assert_eq(&shown);
}

#[test]
fn an_environment_comes_last_and_looks_like_the_others() {
    check(
        ADD,
        "[environments]\n  [environments.staging]\n    name = \"it's\"\n    wait = true # yes\n",
        expect![[r#"
            [environments]
              [environments.staging]
                name = "it's"
                wait = true # yes

              [environments.dev]
                name = "it's"
                namespace = "default"
                wait = true
        "#]],
    );
    check(
        ADD,
        "[environments.staging]\nname = 'x'\n\n# the end\n\n",
        expect![[r#"
        [environments.staging]
        name = 'x'

        # the end

        [environments.dev]
        name = "x"
        namespace = "default"
        wait = true
    "#]],
    );
    check(
        ADD,
        "environments = { staging = { name = \"x\" } } # all\n",
        expect![[r#"
        environments = { staging = { name = "x" }, dev = { name = "x", namespace = "default", wait = true } } # all
    "#]],
    );
    check(
        ADD,
        "[environments]\nstaging.name = \"x\"\nlive = { name = \"x\" }",
        expect![[r#"
        [environments]
        staging.name = "x"
        live = { name = "x" }

        [environments.dev]
        name = "x"
        namespace = "default"
        wait = true
    "#]],
    );
}

#[test]
fn an_environment_needs_a_name_that_is_certain() {
    for before in [
        "",
        "[environments]\n",
        "[environments.staging]\nname = \"\"\n",
        "[environments.staging]\nname = 5\n",
        "[environments.a]\nname = \"a\"\n[environments.b]\nname = \"b\"\n",
        "[[environments]]\n[environments.a]\nname = \"a\"\n",
        "[environments.a]\nname = \"a\n",
    ] {
        check(
            ADD,
            before,
            expect![[r#"
                nothing
            "#]],
        );
    }
}

#[test]
fn auto_connect_is_switched_off_where_it_stands() {
    check(
        SWITCH,
        "[environments.dev]\nauto-connect=true # why\n[other]\nauto-connect=true",
        expect![[r#"
            [environments.dev]
            auto-connect=false # why
            [other]
            auto-connect=true"#]],
    );
    check(
        SWITCH,
        "environments.dev = { name = 'x', \"auto-connect\" = true }\n",
        expect![[r#"
        environments.dev = { name = 'x', "auto-connect" = false }
    "#]],
    );
    check(
        SWITCH,
        "[environments.other]\nauto-connect = true\n",
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn a_namespace_stands_beside_the_name() {
    check(
        NAME,
        "[environments]\n  [environments.dev]\n\tname = \"\"\"\nx\"\"\" # name\n    wait = true\n",
        expect![[r#"
            [environments]
              [environments.dev]
            	name = """
            x""" # name
            	namespace = "default"
                wait = true
        "#]],
    );
    check(
        NAME,
        "[environments.dev]\nwait = true\nwatch = false",
        expect![[r#"
        [environments.dev]
        wait = true
        watch = false
        namespace = "default""#]],
    );
    check(
        NAME,
        "  [environments.dev] # none\n\n[other]\n",
        expect![[r#"
          [environments.dev] # none
          namespace = "default"

        [other]
    "#]],
    );
    check(
        NAME,
        "[environments]\ndev.name = \"x\"\ndev . wait = true\n",
        expect![[r#"
        [environments]
        dev.name = "x"
        dev.namespace = "default"
        dev . wait = true
    "#]],
    );
    check(
        NAME,
        "environments . \"dev\" . name = \"x\" # é\n",
        expect![[r#"
        environments . "dev" . name = "x" # é
        environments . "dev" . namespace = "default"
    "#]],
    );
    check(
        NAME,
        "environments = {dev={ name=\"x\",wait = true}, b = {}}\n",
        expect![[r#"
        environments = {dev={ name="x", namespace = "default",wait = true}, b = {}}
    "#]],
    );
    check(
        NAME,
        "environments.dev = {}\n",
        expect![[r#"
        environments.dev = { namespace = "default" }
    "#]],
    );
    check(
        NAME,
        "environments = { dev.wait = true }\n",
        expect![[r#"
        environments = { dev.wait = true, dev.namespace = "default" }
    "#]],
    );
}

#[test]
fn a_namespace_of_another_kind_is_left_alone() {
    for before in [
        "[environments.dev]\nnamespace = 5\n",
        "[environments.dev]\nNamespace = \"x\"\n",
        "[environments.dev.namespace]\n",
        "[environments.dev.more]\nname = \"x\"\n",
        "[environments]\n",
    ] {
        check(
            NAME,
            before,
            expect![[r#"
                nothing
            "#]],
        );
    }
}

/// What another reader than the one of this code reads.
fn read(text: &str) -> toml::Table {
    toml::from_str(text).unwrap()
}

/// The environment `dev`, which is made where it is not.
fn dev(table: &mut toml::Table) -> &mut toml::Table {
    let mut at = table;
    for key in [ENVIRONMENTS, "dev"] {
        at = at.entry(key).or_insert(toml::Value::Table(toml::Table::new())).as_table_mut().unwrap();
    }
    at
}

#[test]
fn a_fix_corrects_and_changes_nothing_else() {
    let forms = [
        "# a\n[environments]\n  [environments.dev] # b\n    name = \"x\" # c\n    auto-connect = true\n    env = [\n1, # d\n2]\n[more]\nx = 1\n",
        "title = \"é🚀\"\n[environments.dev]\nname = '''\nx'''\nauto-connect = true",
        "environments.dev.auto-connect = true\nenvironments.dev.name = \"x\"\nafter = 1979-05-27\n",
        "environments = {dev = {auto-connect = true, name = \"x\"}}\n[[more]]\na = 1\n[[more]]\n",
        "[environments]\ndev = { name = 'x', auto-connect = true }\n# the end",
        "[more]\n[environments.'dev']\nauto-connect\t=\ttrue\n[environments.dev.sub]\nname = \"y\"\n[environments.third]\nname = 'x'\n\n\n",
    ];
    let draft_takes = |text: &str| crate::draft_toml::read(text, DraftVersion::default()).is_ok();
    for form in forms.map(str::to_owned).into_iter().flat_map(|form| [form.replace('\n', "\r\n"), form]) {
        let before = read(&form);
        let check = |text: &str, fix: fn(&str, &str) -> Option<TextEdit>, change: fn(&mut toml::Table)| {
            let edit = fix(text, "dev").unwrap_or_else(|| panic!("no fix for {text}"));
            let after = edit::apply(text, std::slice::from_ref(&edit));
            let mut expected = read(text);
            change(dev(&mut expected));
            assert_eq!(read(&after), expected, "{after}");
            assert!(draft_takes(&after) || !draft_takes(text), "{after}");
            let is_crlf = text.contains("\r\n");
            assert!(!is_crlf || after.matches('\n').count() == after.matches("\r\n").count(), "{after:?}");
            assert_eq!(&after[..usize::from(edit.range.start())], &text[..usize::from(edit.range.start())]);
            after
        };
        let connected = check(&form, SWITCH, |dev| drop(dev.insert("auto-connect".into(), false.into())));
        assert_ne!(read(&connected), before);
        assert!(!DraftToml::parse(&connected).unwrap().environments["dev"].auto_connect);
        let named = check(&form, NAME, |dev| drop(dev.insert("namespace".into(), "default".into())));
        assert_eq!(
            DraftToml::parse(&named).unwrap().environments["dev"].namespace.as_deref(),
            Some("default")
        );
        assert_eq!(add_namespace(&named, "dev"), None);
        let other = form.replace("dev", "other");
        check(&other, ADD, |dev| {
            dev.insert("name".into(), "x".into());
            dev.insert("namespace".into(), "default".into());
            dev.insert("wait".into(), true.into());
        });
    }
}

#[test]
fn any_text_is_read() {
    let text = "\u{feff}é = [{ a = 1 }]\r\n[environments.dev]# é🚀\nname=\"\"\"é\n\"\"\"\n[environments] # x\n live = {name = 'é', 'auto-connect' = true,}\n[[a]]\nb.\"é\" = {}";
    for (end, _) in text.char_indices() {
        for fix in [ADD, SWITCH, NAME] {
            for name in ["dev", "live", "", "é"] {
                fix(&text[..end], name);
                fix(&text[end..], name);
            }
        }
    }
}

#[test]
fn a_name_that_needs_quotes() {
    let before = "[environments.a]\nname = \"x\"\n";
    for name in ["a b", "a.b", "\"", "é"] {
        let edit = add_environment(before, name).unwrap();
        let after = edit::apply(before, &[edit]);
        assert!(DraftToml::parse(&after).unwrap().environments.contains_key(name), "{after}");
    }
}
