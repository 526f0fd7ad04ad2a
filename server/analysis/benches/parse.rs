//! How long a keystroke takes: the bare parser, our tree, and the whole analysis, at 1,000 and 10,000 tasks.
//!
//! Run with `cargo bench -p draft-tasks-analysis`.

#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use draft_tasks_analysis::{Analysis, Options, syntax};
use toml_parser::Source;
use toml_parser::parser::{Event, RecursionGuard, parse_document};

/// A file of so many tasks, as people write them.
fn file(tasks: usize) -> String {
    let mut text = String::new();
    for index in 0..tasks {
        match index {
            0 => text += "[pre-up]\n",
            _ if index == tasks / 3 => text += "\n[post-deploy]\n",
            _ if index == 2 * tasks / 3 => text += "\n[cleanup]\n",
            _ => {}
        }
        let in_pod = (tasks / 3..2 * tasks / 3).contains(&index);
        let _ = match index % 4 {
            0 if in_pod => {
                writeln!(text, "task-{index} = \"rake db:migrate VERSION={index} --trace --verbose\"")
            }
            0 if index + 4 < tasks / 3 => {
                writeln!(text, "task-{index} = \"helm upgrade --install release-{index} charts/it --wait\"")
            }
            0 => {
                let release = index.saturating_sub(2 * tasks / 3) / 4 * 4;
                writeln!(text, "task-{index} = \"helm uninstall release-{release} --namespace it --wait\"")
            }
            1 if in_pod => writeln!(text, "\"task {index}\" = \"echo hello {index}\" # a comment"),
            1 => writeln!(text, "\"task {index}\" = \"echo $HOME {index}\" # a comment"),
            2 => writeln!(text, "task-{index} = 'sh -c \"echo {index}\"'"),
            _ => writeln!(text, "task-{index} = \"sh -c \\\"echo {index}\\\"\""),
        };
    }
    text
}

/// A file in which the commands of every fifth task are worth a finding.
fn file_with_findings(tasks: usize) -> String {
    let text = file(tasks);
    let lines = text.lines().enumerate().map(|(index, line)| match (index % 10, line.split_once(" = ")) {
        (3, Some((task, _))) => {
            format!("{task} = \"./scripts/seed.sh --shard {index} && echo done {index}\"\n")
        }
        (8, Some((task, _))) => format!("{task} = \"echo \\\"sync all {index}\\\" | tee log.txt\"\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

fn bare_parser(text: &str) -> usize {
    let tokens = Source::new(text).lex().into_vec();
    let mut events = 0;
    let mut receiver = |event: Event| {
        black_box(event);
        events += 1;
    };
    parse_document(&tokens, &mut RecursionGuard::new(&mut receiver, 100), &mut ());
    events
}

/// The shortest of many runs, the least disturbed one; a single run where tests are run rather than benches.
fn shortest(mut run: impl FnMut()) -> Duration {
    let runs = if std::env::args().any(|argument| argument == "--bench") { 100 } else { 1 };
    let timed = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    timed.min().unwrap_or_default()
}

/// An analysis beside the bare parser.
fn compare(text: &str, name: &str) {
    let bare = shortest(|| _ = black_box(bare_parser(text)));
    let analysis = shortest(|| drop(black_box(Analysis::new(text, Options::default()))));
    println!(
        "  {name:<15} {analysis:>10.1?}  {:.2} times the bare parser",
        analysis.as_secs_f64() / bare.as_secs_f64()
    );
}

fn main() {
    for tasks in [1_000, 10_000] {
        let text = file(tasks);
        let bare = shortest(|| _ = black_box(bare_parser(&text)));
        let tree = shortest(|| drop(black_box(syntax::parse(&text))));
        println!("{tasks} tasks, {} KiB", text.len() / 1024);
        println!("  {:<15} {bare:>10.1?}", "bare parser");
        let times = tree.as_secs_f64() / bare.as_secs_f64();
        println!("  {:<15} {tree:>10.1?}  {times:.2} times the bare parser", "syntax::parse");
        let found = Analysis::new(text.as_str(), Options::default()).diagnostics;
        assert!(found.is_empty(), "{:?}", found.first());
        compare(&text, "Analysis::new");
        let text = file_with_findings(tasks);
        let found = Analysis::new(text.as_str(), Options::default()).diagnostics;
        assert!((tasks / 6..tasks / 4).contains(&found.len()), "{}", found.len());
        compare(&text, "with findings");
    }
}
