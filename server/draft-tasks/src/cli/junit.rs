//! A run as JUnit has it: a suite, and a case for each task, in each pod.
//!
//! Must not write what XML cannot hold, nor what the usual schemas of such files do not know.

use std::collections::HashMap;
use std::fmt::Write as _;

use draft_tasks_analysis::printable::printable;
use draft_tasks_executor::OutcomeName;
use draft_tasks_executor::output::{OpenLines, Tail, plain};
use draft_tasks_executor::record::Event;
use draft_tasks_executor::record::schema::{FailureEntry, FailureKind};

use super::report::LONGEST_LINE;

/// How much of what the tasks wrote is kept: its last lines, and bytes.
const OUTPUT: (usize, usize) = (10_000, 1 << 20);

/// What is known of a run so far.
pub(super) struct Suite {
    phase: String,
    at: String,
    tasks: Vec<String>,
    pods: Vec<String>,
    cases: Vec<Case>,
    open: HashMap<(usize, Option<usize>), OpenLines>,
    /// The last that each task wrote which goes on.
    last: HashMap<(usize, Option<usize>), Tail>,
    output: Tail,
    seconds: f64,
}

struct Case {
    name: String,
    seconds: f64,
    /// The element that tells why it did not pass.
    end: Option<String>,
    is: OutcomeName,
    /// Whether the task itself failed.
    is_failure: bool,
}

impl Default for Suite {
    fn default() -> Suite {
        let (lines, bytes) = OUTPUT;
        Suite {
            phase: String::new(),
            at: String::new(),
            tasks: Vec::new(),
            pods: Vec::new(),
            cases: Vec::new(),
            open: HashMap::new(),
            last: HashMap::new(),
            output: Tail::new(lines, bytes),
            seconds: 0.0,
        }
    }
}

impl Suite {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::RunStarted { phase, at, tasks, .. } => {
                (self.phase, self.at) = (phase.clone(), at.get(..19).unwrap_or_default().to_owned());
                self.tasks = tasks.iter().map(|task| task.name.clone()).collect();
            }
            Event::PodsFound { pods, .. } => self.pods = pods.iter().map(|pod| pod.name.clone()).collect(),
            Event::Blocked { message, help, .. } => {
                let text = std::iter::once(message).chain(help).cloned().collect::<Vec<_>>().join("\n");
                let end = Some(why("error", "blocked", message, &text));
                let name = self.phase.clone();
                self.cases.push(Case { name, seconds: 0.0, end, is: OutcomeName::Failed, is_failure: false });
            }
            Event::Output { task, pod, pieces, .. } => {
                let open = self.open.entry((*task, *pod)).or_insert_with(|| OpenLines::new(LONGEST_LINE));
                let lines: String = pieces.iter().map(|piece| open.push(piece)).collect();
                self.wrote((*task, *pod), &lines);
            }
            Event::TaskFinished { task, pod, outcome, failure, seconds, .. } => {
                let rest = self.open.remove(&(*task, *pod)).map(|mut open| open.finish());
                self.wrote((*task, *pod), &rest.unwrap_or_default());
                self.ended((*task, *pod), *outcome, failure.as_ref(), *seconds);
            }
            Event::RunFinished { seconds, .. } => self.seconds = *seconds,
            _ => {}
        }
    }

    fn name(&self, (task, pod): (usize, Option<usize>)) -> String {
        let task = self.tasks.get(task).cloned().unwrap_or_default();
        match pod.and_then(|pod| self.pods.get(pod)) {
            Some(pod) => format!("{task} · {pod}"),
            None => task,
        }
    }

    fn wrote(&mut self, place: (usize, Option<usize>), text: &str) {
        let name = self.name(place);
        let last = self.last.entry(place).or_default();
        for line in plain(text).lines() {
            last.push(&format!("{line}\n"));
            self.output.push(&format!("{} │ {line}\n", printable(&name)));
        }
    }

    fn ended(
        &mut self,
        place: (usize, Option<usize>),
        is: OutcomeName,
        failure: Option<&FailureEntry>,
        seconds: f64,
    ) {
        let is_failure = failure.is_some_and(|failure| {
            !matches!(failure.kind, FailureKind::NotStarted | FailureKind::Unknown | FailureKind::PodGone)
        });
        let end = match (is, failure) {
            (OutcomeName::Passed, _) => None,
            (OutcomeName::Skipped, _) => Some("<skipped/>".to_owned()),
            (OutcomeName::Stopped, _) => Some(why("error", "stopped", "it was stopped", "")),
            (OutcomeName::Failed, failure) => {
                let said = failure.map(FailureEntry::describe).unwrap_or_default();
                let kind = failure.and_then(|failure| serde_json::to_value(failure.kind).ok());
                let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("failed").to_owned();
                let wrote = self.last.get(&place).map(|last| last.lines().join("\n")).unwrap_or_default();
                Some(why(if is_failure { "failure" } else { "error" }, &kind, &said, &wrote))
            }
        };
        self.last.remove(&place);
        self.cases.push(Case { name: self.name(place), seconds, end, is, is_failure });
    }

    /// The element of the run; its number among several.
    fn element(&self, number: usize) -> String {
        let count = |what: &dyn Fn(&Case) -> bool| self.cases.iter().filter(|case| what(case)).count();
        let failures = count(&|case| case.is_failure);
        let skipped = count(&|case| case.is == OutcomeName::Skipped);
        let errors = count(&|case| case.end.is_some()) - failures - skipped;
        let phase = attribute(&self.phase);
        let mut xml = format!(
            "  <testsuite id=\"{number}\" package=\"draft-tasks\" name=\"{phase}\" timestamp=\"{}\" hostname=\"localhost\" \
             tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"{:.3}\">\n    <properties/>\n",
            attribute(&self.at),
            self.cases.len(),
            self.seconds
        );
        for Case { name, seconds, end, .. } in &self.cases {
            let case =
                format!("<testcase classname=\"{phase}\" name=\"{}\" time=\"{seconds:.3}\"", attribute(name));
            // A text takes whatever is written.
            let _ = match end {
                None => writeln!(xml, "    {case}/>"),
                Some(end) => writeln!(xml, "    {case}>{end}</testcase>"),
            };
        }
        let output = escaped(&self.output.lines().join("\n"));
        xml + &format!("    <system-out>{output}</system-out>\n    <system-err/>\n  </testsuite>\n")
    }
}

/// The document of some runs.
pub(super) fn document(suites: &[Suite]) -> String {
    let suites: String = (0..).zip(suites).map(|(number, suite)| suite.element(number)).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}</testsuites>\n")
}

fn why(element: &str, kind: &str, message: &str, text: &str) -> String {
    let (kind, message) = (attribute(kind), attribute(message));
    format!("<{element} type=\"{kind}\" message=\"{message}\">{}</{element}>", escaped(text))
}

/// The value of an attribute, in which line ends and tabs would be read as blanks.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// A text within XML; what no document may have is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use draft_tasks_executor::{OutputPiece, Stream};

    use super::*;

    #[test]
    fn of_a_line_without_end_no_more_is_open_than_of_any_other() {
        let mut suite = Suite::default();
        let text = "x".repeat(LONGEST_LINE + 1);
        let pieces = vec![OutputPiece { stream: Stream::Stdout, text }];
        suite.take(&Event::Output { elapsed: 0.0, task: 0, pod: None, pieces });
        assert_eq!(suite.output.lines().len(), 1);
    }

    #[test]
    fn a_name_keeps_its_line_ends_and_makes_no_lines_of_output() {
        let names = vec!["a\n\tb\u{1b}\"<".to_owned()];
        let mut suite = Suite { tasks: names, ..Suite::default() };
        let pieces = vec![OutputPiece { stream: Stream::Stdout, text: "x\n".into() }];
        suite.take(&Event::Output { elapsed: 0.0, task: 0, pod: None, pieces });
        suite.ended((0, None), OutcomeName::Passed, None, 0.0);
        let xml = document(&[suite]);
        assert!(xml.contains("name=\"a&#10;&#9;b\u{fffd}&quot;&lt;\""), "{xml}");
        assert!(xml.contains("<system-out>a\\n\\tb\\u{1b}&quot;&lt; │ x"), "{xml}");
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            escaped("a<b>&\"c\"\u{1b}\u{0}\t\r\n\u{ffff}é"),
            "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}\u{fffd}\t&#13;\n\u{fffd}é"
        );
    }
}
