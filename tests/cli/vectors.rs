//! Commands with arguments of all that has a meaning for shells, YAML, templates and terminals.
//!
//! Must not differ from one run to the next.

use serde_json::Value;

/// The variables that stand in them.
pub(crate) const VARIABLES: [(&str, &str); 3] =
    [("GREETING", "good  day"), ("UNSET_HERE", ""), ("EMPTY", "")];

/// Numbers that are the same in each run: Marsaglia's xorshift.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Of these arguments are made: what has a meaning for shells, for YAML, and for terminals.
const PIECES: [&str; 59] = [
    "a",
    "B",
    "7",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "'",
    "\"",
    "\\",
    "\\n",
    "`",
    "$",
    "$$",
    "$(",
    ")",
    "${",
    "}",
    "$1",
    "$@",
    "!",
    "!!",
    "#",
    "&",
    "&&",
    "|",
    ";",
    "<",
    ">",
    "*",
    "?",
    "[a-z]",
    "~",
    "~/",
    "{a,b}",
    "=",
    "A=b",
    "-",
    "--",
    "-n",
    "%s",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{9b}",
    "\u{202e}",
    "é",
    "日本",
    "👩‍👩‍👧",
    "{{",
    "}}",
    "{{ .Values }}",
    "\u{feff}",
    "on",
    "1e3",
    ": ",
    "0755",
    "null",
];

/// A command's word in single quotes, or a variable.
fn word(numbers: &mut Numbers) -> String {
    let mut word = String::new();
    for _ in 0..numbers.below(6) {
        match numbers.below(12) {
            0 => word += "${GREETING}",
            1 => word += "\"$UNSET_HERE\"",
            2 => word += "${EMPTY}",
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())];
                word += &format!("'{}'", piece.replace('\'', "'\\''"));
            }
        }
    }
    if word.is_empty() { "''".to_owned() } else { word }
}

/// Some words, each with a blank in front of it.
pub(crate) fn words(numbers: &mut Numbers, count: usize) -> String {
    (0..count).map(|_| format!(" {}", word(numbers))).collect()
}

/// A line of a tasks file.
pub(crate) fn task(name: usize, command: &str) -> String {
    // A JSON string is a TOML string as well, but for one character.
    format!("\"{name}\" = {}\n", Value::from(command).to_string().replace('\u{7f}', "\\u007f"))
}

/// The arguments of the tasks of a phase, as `explain --format json` has them, in the order of the numbers that are their
/// names.
pub(crate) fn planned(explained: &str, phase: &str) -> Vec<Vec<String>> {
    let plan: Value = serde_json::from_str(explained).expect("one JSON document");
    let tasks = plan["phases"][phase]["tasks"].as_object().expect("the tasks");
    let mut planned: Vec<(usize, Vec<String>)> = tasks
        .iter()
        .map(|(name, argv)| {
            let argv = serde_json::from_value(argv.clone()).expect("arguments");
            (name.parse().expect("a number"), argv)
        })
        .collect();
    planned.sort();
    planned.into_iter().map(|(_, argv)| argv).collect()
}

/// The commands of a manifest, of init containers first.
pub(crate) fn commands(manifest: &Value) -> Vec<Vec<String>> {
    let spec = &manifest["spec"]["template"]["spec"];
    let containers = [&spec["initContainers"], &spec["containers"]].into_iter().filter_map(Value::as_array);
    let command = |container: &Value| serde_json::from_value(container["command"].clone()).expect("words");
    containers.flatten().map(command).collect()
}

/// What a program gets, as Kubernetes replaces variables: <https://github.com/kubernetes/kubernetes>,
/// third_party/forked/golang/expansion/expand.go.
pub(crate) fn replaced(text: &str, value: impl Fn(&str) -> &'static str) -> String {
    let (mut made, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        made += before;
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            (made, rest) = (made + "$", after);
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            (made, rest) = (made + value(name), after);
        } else {
            made.push('$');
        }
    }
    made + rest
}
