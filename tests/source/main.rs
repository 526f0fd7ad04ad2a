//! What must hold of the source of the server, and no compiler says.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

mod audience;
mod promises;

/// A module with modules below it, which use one another in one direction.
struct House {
    root: PathBuf,
    /// What it is called in its crate.
    path: String,
}

/// Of which there is one for each platform, under the same name.
const OF_A_PLATFORM: [&str; 1] = ["executor/src/tree/portable.rs"];

/// The fuzzer is a workspace of its own, which builds the binary's modules.
#[test]
fn the_fuzzer_has_all_that_the_binary_is_built_from() {
    let dependencies = |manifest: &Path| -> BTreeSet<String> {
        let text = fs::read_to_string(manifest).unwrap();
        let sections = text.split("\n[").filter(|section| {
            section.starts_with("dependencies]")
                || section.starts_with("target.") && section.contains(".dependencies]")
        });
        let lines = sections.flat_map(|section| section.lines().skip(1)).filter(|line| line.contains('='));
        lines.map(|line| line.split(['.', ' ']).next().unwrap().to_owned()).collect()
    };
    let binary = dependencies(&server().join("draft-tasks/Cargo.toml"));
    let fuzzer = dependencies(&server().join("../fuzz/Cargo.toml"));
    assert!(binary.len() > 20);
    assert_eq!(Vec::from_iter(binary.difference(&fuzzer)), [""; 0], "of fuzz/Cargo.toml");
}

#[test]
fn public_types_have_names_that_occur_once_in_their_crate() {
    let mut twice = String::new();
    for crate_name in ["analysis", "executor", "draft-tasks"] {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in sources(&server().join(crate_name).join("src")) {
            let shown = file.strip_prefix(server()).unwrap().display().to_string();
            if !OF_A_PLATFORM.contains(&shown.as_str()) {
                let code = code(&file);
                public_types(&code).for_each(|name| places.entry(name).or_default().push(shown.clone()));
            }
        }
        places.retain(|_, places| places.len() > 1);
        places.iter().for_each(|(name, places)| twice += &format!("{name}: {}\n", places.join(", ")));
    }
    assert_eq!(twice, "");
}

#[test]
fn modules_use_one_another_in_one_direction() {
    let circles: Vec<_> = houses()
        .iter()
        .filter_map(|house| Some(format!("{}: {:?}", house.root.display(), circle(house.uses())?)))
        .collect();
    assert_eq!(circles, [""; 0]);
}

/// A module, and which modules beside it are used there.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// All houses: those of the crates, and within them each file with a folder of its name.
fn houses() -> Vec<House> {
    let crates = ["analysis/src/lib.rs", "executor/src/lib.rs", "draft-tasks/src/main.rs"];
    let crates = crates.map(|root| House { root: server().join(root), path: "crate".into() });
    let within = crates.iter().flat_map(|house| {
        let folder = house.folder();
        let roots = sources(&folder).into_iter().filter(|file| file.with_extension("").is_dir());
        roots.map(move |root| {
            let names = root.with_extension("");
            let names = names.strip_prefix(&folder).unwrap().iter().map(|name| name.to_str().unwrap());
            House { path: ["crate"].into_iter().chain(names).collect::<Vec<_>>().join("::"), root }
        })
    });
    let within: Vec<House> = within.collect();
    crates.into_iter().chain(within).collect()
}

impl House {
    fn folder(&self) -> PathBuf {
        if self.path == "crate" {
            return self.root.parent().unwrap().to_owned();
        }
        self.root.with_extension("")
    }

    fn uses(&self) -> Uses {
        let folder = self.folder();
        let modules: BTreeSet<String> = declared(&code(&self.root)).collect();
        let reexported = reexported(&code(&self.root));
        let used_in = |module: &String| {
            let file = folder.join(module).with_extension("rs");
            let inside = sources(&folder.join(module)).into_iter();
            let named = inside.flat_map(|file| named_below(&code(&file), &self.path));
            // That of a platform is a file with another name, below its folder.
            let own = if file.exists() { code(&file) } else { String::new() };
            let named = named.chain(named_below(&own, &self.path)).chain(named_below(&own, "super"));
            let used = named.map(|name| reexported.get(&name).cloned().unwrap_or(name));
            used.filter(|name| modules.contains(name) && name != module).collect()
        };
        modules.iter().map(|module| (module.clone(), used_in(module))).collect()
    }
}

/// The modules that are left when those that use no others are taken away, and again; each with what it uses.
fn circle(mut uses: Uses) -> Option<Uses> {
    while let Some(ground) = uses.iter().find(|(_, used)| used.is_empty()).map(|(name, _)| name.clone()) {
        uses.remove(&ground);
        uses.values_mut().for_each(|used| {
            used.remove(&ground);
        });
    }
    (!uses.is_empty()).then_some(uses)
}

fn server() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files below a folder, but for those of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        match path.file_stem().unwrap().to_str().unwrap() {
            "tests" => {}
            _ if path.is_dir() => found.extend(sources(&path)),
            _ if path.extension().is_some_and(|it| it == "rs") => found.push(path),
            _ => {}
        }
    }
    found
}

/// A file without its comments and its tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules that a file declares, but for those of tests.
fn declared(code: &str) -> impl Iterator<Item = String> {
    let lines = code.lines().scan("", |before, line| Some((std::mem::replace(before, line), line)));
    let lines = lines.filter(|(before, _)| !before.contains("#[cfg(test)]"));
    let name = |(_, line): (&str, &str)| {
        Some(without_visibility(line).strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    lines.filter_map(name).collect::<Vec<_>>().into_iter()
}

/// The names that a file hands on, each with its module.
fn reexported(code: &str) -> BTreeMap<String, String> {
    let uses =
        code.split(';').filter_map(|statement| without_visibility(statement.trim()).strip_prefix("use "));
    let uses = uses.filter_map(|path| path.strip_prefix("self::").unwrap_or(path).split_once("::"));
    let names =
        uses.flat_map(|(module, names)| words(names).map(|name| (name.to_owned(), module.to_owned())));
    names.collect()
}

/// The types that others than their module see.
fn public_types(code: &str) -> impl Iterator<Item = String> {
    const KINDS: [&str; 5] = ["struct ", "enum ", "trait ", "type ", "union "];
    let public = code.lines().map(str::trim).filter(|line| line.starts_with("pub"));
    let named = public.filter_map(|line| {
        let line = without_visibility(line);
        KINDS.iter().find_map(|kind| line.strip_prefix(kind))
    });
    named.filter_map(|rest| words(rest).next().map(str::to_owned))
}

fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    let rest = rest.strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.1)).unwrap_or(rest);
    rest.trim_start()
}

/// The names directly below a path, wherever it is written: also several in braces.
fn named_below(code: &str, path: &str) -> Vec<String> {
    let start = format!("{path}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let is_part = code[..at].ends_with(|it: char| it.is_alphanumeric() || matches!(it, '_' | ':'));
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            _ if is_part => {}
            Some(list) => found.extend(firsts(list)),
            None => found.extend(words(rest).next().map(str::to_owned)),
        }
    }
    found
}

/// The first names of the paths of a list in braces.
fn firsts(list: &str) -> Vec<String> {
    let (mut depth, mut paths) = (0, vec![String::new()]);
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => paths.push(String::new()),
            other if depth == 0 => paths.last_mut().unwrap().push(other),
            _ => {}
        }
    }
    paths.iter().filter_map(|path| words(path).next().map(str::to_owned)).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|word| !word.is_empty())
}
