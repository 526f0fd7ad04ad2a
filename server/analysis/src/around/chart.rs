//! Edits of a chart's template: the label and the annotation by which Draft finds pods.
//!
//! Must not change a template in which the place of them is not certain: what surrounds it may be made by Go templates,
//! so that only lines can be looked at, and a chart that does not render is worse than one without labels.
//!
//! The finding does not need it. It is here as both entries have to be exactly those of Draft's packs, which nobody knows
//! by heart, and it is no shorter as each of its checks keeps an edit out of a place where charts that exist would break:
//! flow maps, anchors, `if`, `with` and `include` around labels, comments of templates, Jobs, several documents.

use std::sync::Arc;

use text_size::{TextRange, TextSize};

use super::{FileFix, Found};
use crate::edit::{self, TextEdit};
use crate::project::{self, PodMarks, Template};

/// What the charts of Draft's own packs have.
const LABEL: &str = "draft: {{ default \"draft-app\" .Values.draft }}";
const BUILD_ID: &str = "buildID: {{ .Values.buildID }}";

/// What begins or ends a part of a Go template.
const STEERING: [&str; 7] = ["if", "else", "end", "range", "with", "define", "block"];

/// Adds what is missing to the only pod template of a chart.
pub(super) fn fix(known: &[Template], read: &dyn Fn(&str) -> Option<Found>) -> Option<FileFix> {
    let with_pods = |template: &&Template| template.text.lines().any(|line| line.trim() == "template:");
    let (mut with_pods, mut present) = (known.iter().filter(with_pods), known.to_vec());
    let path = with_pods.next().filter(|_| with_pods.next().is_none())?.path.clone()?;
    let Found::Text(text) = read(&path)? else { return None };
    let marks_with = |present: &mut [Template], text: &str| {
        let template = present.iter_mut().find(|template| template.path.as_ref() == Some(&path))?;
        template.text = text.to_owned();
        project::pod_marks(present)
    };
    let marks = marks_with(&mut present, &text)?;
    let edits = edits(&text, marks)?;
    let after = marks_with(&mut present, &edit::apply(&text, &edits))?;
    let title = match (marks.label, marks.build_id) {
        (false, true) => format!("Add the label `draft` to {path}"),
        (true, false) => format!("Add the annotation `buildID` to {path}"),
        _ => format!("Add the label `draft` and the annotation `buildID` to {path}"),
    };
    let before = Some(Arc::clone(&text));
    (after.label && after.build_id).then_some(FileFix { title, path, before, edits })
}

fn edits(text: &str, marks: PodMarks) -> Option<Vec<TextEdit>> {
    let metadata = Metadata::of(text)?;
    let wanted = [("labels", LABEL, marks.label), ("annotations", BUILD_ID, marks.build_id)];
    let missing = wanted.into_iter().filter(|(_, _, there)| !there);
    let mut edits: Vec<TextEdit> =
        missing.map(|(map, entry, _)| metadata.add(map, entry)).collect::<Option<_>>()?;
    // Maps that are both missing begin at the same place, and make one edit.
    if let [first, second] = edits.as_mut_slice()
        && first.range == second.range
    {
        first.text += &second.text;
        edits.truncate(1);
    }
    (!edits.is_empty()).then_some(edits)
}

/// A line that is neither empty nor a comment.
#[derive(Clone, Copy)]
struct Line<'t> {
    /// Without the line end.
    range: TextRange,
    /// How many spaces it begins with.
    indent: usize,
    /// What stands behind them.
    content: &'t str,
}

impl Line<'_> {
    /// Whether a Go template on it may put other lines in its place, or leave out or repeat what follows.
    fn steers(&self) -> bool {
        let mut actions = self.content.split("{{");
        let is_closed = |action: &str| action.matches("}}").count() == 1;
        let steers = |action: &str| {
            let word = action.trim_start_matches(['-', ' ']).split([' ', '}']).next();
            word.is_some_and(|word| STEERING.contains(&word))
        };
        let before = actions.next().unwrap_or_default();
        before.is_empty()
            || before.contains("}}")
            || actions.any(|action| !is_closed(action) || steers(action))
    }

    /// The key that it begins with, without quotes.
    fn key(&self) -> &str {
        let key = self.content.split(':').next().unwrap_or_default();
        key.trim().trim_matches(['"', '\''])
    }
}

/// The metadata of a Deployment's pods.
struct Metadata<'t> {
    text: &'t str,
    /// The line `metadata:`.
    header: Line<'t>,
    /// What stands in it.
    lines: Vec<Line<'t>>,
    /// How much further right what is in something stands.
    step: usize,
}

impl<'t> Metadata<'t> {
    /// The metadata below the only `template:` of a text, where it is certain that a Deployment has it.
    fn of(text: &'t str) -> Option<Metadata<'t>> {
        let lines = lines(text);
        let mut templates = lines.iter().enumerate().filter(|(_, line)| line.content == "template:");
        let (at, template) = templates.next().filter(|_| templates.next().is_none())?;
        if !is_in_deployment(&lines, at) {
            return None;
        }
        let pod = block(&lines[at + 1..], template.indent);
        let inner = pod.first().filter(|line| !line.steers())?.indent;
        let mut places =
            pod.iter().enumerate().filter(|(_, line)| line.indent == inner && line.key() == "metadata");
        let (at, header) = places.next().filter(|_| places.next().is_none())?;
        let lines = block(&pod[at + 1..], inner);
        let metadata =
            Metadata { text, header: *header, lines: lines.to_vec(), step: inner - template.indent };
        metadata.is_plain().then_some(metadata)
    }

    /// Whether nothing but YAML of the usual form stands in it, and it is not a part of a comment of a Go template.
    fn is_plain(&self) -> bool {
        let before = &self.text[..usize::from(self.header.range.start())];
        let first = self.lines.first().map_or(self.header.indent + self.step, |line| line.indent);
        let is_plain = |line: &Line<'_>| !line.steers() && line.indent >= first;
        self.header.content == "metadata:"
            && before.matches("{{").count() == before.matches("}}").count()
            && self.lines.iter().all(is_plain)
    }

    /// Adds an entry as the first of one of its maps, and the map itself where it is missing.
    fn add(&self, map: &str, entry: &str) -> Option<TextEdit> {
        let child = self.lines.first().map_or(self.header.indent + self.step, |line| line.indent);
        let mut maps =
            self.lines.iter().enumerate().filter(|(_, line)| line.indent == child && line.key() == map);
        let (below, lines) = match (maps.next(), maps.next()) {
            (None, _) => {
                let inside = " ".repeat(child + self.step);
                (self.header, vec![format!("{}{map}:", " ".repeat(child)), format!("{inside}{entry}")])
            }
            (Some((at, header)), None) if header.content == format!("{map}:") => {
                let entries = block(&self.lines[at + 1..], child);
                let indent = entries.first().map_or(child + self.step, |line| line.indent);
                let key = entry.split(':').next();
                if entries.iter().any(|line| Some(line.key()) == key) {
                    return None;
                }
                (*header, vec![format!("{}{entry}", " ".repeat(indent))])
            }
            _ => return None,
        };
        let newline = edit::line_end(self.text);
        let lines: String = lines.iter().map(|line| format!("{newline}{line}")).collect();
        Some(TextEdit::insert(below.range.end(), lines))
    }
}

/// Whether the line belongs to the specification of a Deployment.
fn is_in_deployment(lines: &[Line<'_>], at: usize) -> bool {
    let is_start = |line: &Line<'_>| line.content.starts_with("---");
    let start = lines[..at].iter().rposition(is_start).map_or(0, |start| start + 1);
    let end = lines[at..].iter().position(is_start).map_or(lines.len(), |end| at + end);
    let kinds = lines[start..end].iter().filter(|line| line.indent == 0 && line.key() == "kind");
    let mut outer = lines[start..at].iter().rev().filter(|line| !line.steers());
    let parent = outer.find(|line| line.indent < lines[at].indent);
    parent.is_some_and(|line| line.indent == 0 && line.content == "spec:")
        && kinds.map(|line| line.content).eq(["kind: Deployment"])
}

/// The first lines that stand further right than `indent`; parts of Go templates stand anywhere.
fn block<'a, 't>(lines: &'a [Line<'t>], indent: usize) -> &'a [Line<'t>] {
    let ends = |line: &Line<'_>| line.indent <= indent && !line.steers();
    let end = lines.iter().position(ends).unwrap_or(lines.len());
    &lines[..end]
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = TextSize::new(0);
    let lines = text.split_inclusive('\n').map(|whole| {
        let line = whole.trim_end();
        let content = line.trim_start_matches(' ');
        let range = TextRange::at(start, TextSize::of(whole.trim_end_matches(['\r', '\n'])));
        start += TextSize::of(whole);
        Line { range, indent: line.len() - content.len(), content }
    });
    lines.filter(|line| !line.content.is_empty() && !line.content.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const PATH: &str = "charts/app/templates/deployment.yaml";

    /// A Deployment whose pods have this metadata.
    fn deployment(metadata: &str) -> String {
        format!(
            "{{{{- if .Values.on }}}}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n  labels:\n    app: x\nspec:\n  replicas: 1\n  template:\n{metadata}    spec:\n      containers:\n      - name: x\n{{{{- end }}}}\n"
        )
    }

    fn fixed(texts: &[&str]) -> Option<(String, String)> {
        let path = |index: usize| {
            if index == 0 { PATH.to_owned() } else { format!("charts/app/templates/{index}.yaml") }
        };
        let templates: Vec<Template> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| Template { path: Some(path(index)), text: (*text).to_owned() })
            .collect();
        let read = |path: &str| {
            let found = templates.iter().find(|template| template.path.as_deref() == Some(path))?;
            Some(Found::Text(found.text.as_str().into()))
        };
        let fix = fix(&templates, &read)?;
        let after = edit::apply(fix.before.as_deref()?, &fix.edits);
        let marks = project::pod_marks(&[Template { path: None, text: after.clone() }]);
        assert_eq!(marks, Some(PodMarks { label: true, build_id: true }));
        Some((fix.title, after))
    }

    /// Shows the metadata of pods with what was added.
    fn check(metadata: &str, expect: Expect) {
        let before = deployment(metadata);
        let shown = match fixed(&[&before, "kind: Service\n"]) {
            None => "nothing\n".to_owned(),
            Some((title, after)) => {
                let kept: String = after.split_inclusive('\n').filter(|line| before.contains(line)).collect();
                assert_eq!(kept, before, "lines are only added");
                let (start, end) = (after.find("  template:"), after.find("    spec:"));
                format!("{title}\n{}", &after[start.unwrap()..end.unwrap()])
            }
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn pods_with_labels_and_annotations() {
        check(
            "    metadata:\n      labels:\n        app: {{ .Release.Name }}\n",
            expect![[r#"
                Add the label `draft` and the annotation `buildID` to charts/app/templates/deployment.yaml
                  template:
                    metadata:
                      annotations:
                        buildID: {{ .Values.buildID }}
                      labels:
                        draft: {{ default "draft-app" .Values.draft }}
                        app: {{ .Release.Name }}
            "#]],
        );
        check(
            "    metadata:\n      annotations:\n        buildID: {{ .Values.buildID }}\n      labels:\n        app: x\n",
            expect![[r#"
                Add the label `draft` to charts/app/templates/deployment.yaml
                  template:
                    metadata:
                      annotations:
                        buildID: {{ .Values.buildID }}
                      labels:
                        draft: {{ default "draft-app" .Values.draft }}
                        app: x
            "#]],
        );
        check(
            "    metadata:\n        # why\n        annotations:\n            a: |\n              labels:\n        labels:\n            draft: x\n",
            expect![[r#"
                Add the annotation `buildID` to charts/app/templates/deployment.yaml
                  template:
                    metadata:
                        # why
                        annotations:
                            buildID: {{ .Values.buildID }}
                            a: |
                              labels:
                        labels:
                            draft: x
            "#]],
        );
        check(
            "    metadata:\n",
            expect![[r#"
            Add the label `draft` and the annotation `buildID` to charts/app/templates/deployment.yaml
              template:
                metadata:
                  labels:
                    draft: {{ default "draft-app" .Values.draft }}
                  annotations:
                    buildID: {{ .Values.buildID }}
        "#]],
        );
        check(
            "    metadata:\n      labels:\n      annotations:\n",
            expect![[r#"
            Add the label `draft` and the annotation `buildID` to charts/app/templates/deployment.yaml
              template:
                metadata:
                  labels:
                    draft: {{ default "draft-app" .Values.draft }}
                  annotations:
                    buildID: {{ .Values.buildID }}
        "#]],
        );
    }

    #[test]
    fn what_is_not_certain_is_left_alone() {
        for metadata in [
            "",
            "    metadata: {}\n",
            "    metadata:\n      labels: {app: x}\n",
            "    metadata:\n      labels: &labels\n        app: x\n",
            "    metadata:\n      labels:\n        \"draft\": x\n",
            "    metadata:\n      labels:\n        app: x\n      {{- with .Values.annotations }}\n      annotations:\n        a: b\n      {{- end }}\n",
            "    metadata:\n      labels:\n        app: x\n{{ if .Values.a }}\n      annotations:\n        a: b\n{{ end }}\n",
            "    metadata:\n      labels:\n        app: x\n{{ toYaml .Values.labels | indent 8 }}\n",
            "    metadata:\n      labels:{{ range .Values.a }}\n        a: b{{ end }}\n",
            "    metadata:\n      labels:\n        app: x\n      labels:\n        b: x\n",
            "    metadata:\n      labels:\n        {{- include \"labels\" . | nindent 8 }}\n",
            "{{/*\n    metadata:\n*/}}\n    metadata: {{ x }}\n",
            "  template:\n    metadata:\n",
        ] {
            check(
                metadata,
                expect![[r#"
                nothing
            "#]],
            );
        }
        let good = deployment("    metadata:\n      labels:\n        app: x\n");
        assert!(fixed(&[&good]).is_some());
        for (from, to) in [
            ("kind: Deployment", "kind: Job"),
            ("kind: Deployment", "kind: {{ .Values.kind }}"),
            ("kind: Deployment", "x: y"),
            ("\nspec:", "\ndata:"),
            ("  template:\n", "  jobTemplate:\n    template:\n"),
            ("apiVersion", "{{/*\napiVersion"),
            ("    metadata:\n", "    spec:\n      containers: []\n    metadata:\n"),
            ("  template:\n", "---\nspec:\n  template:\n"),
        ] {
            let other = good.replacen(from, to, 1);
            assert_ne!(other, good);
            assert_eq!(fixed(&[&other]), None, "{other}");
        }
        assert_eq!(fixed(&[&good, &good]), None, "which of two is not known");
    }

    #[test]
    fn line_ends_are_kept() {
        let text = deployment("    metadata:\n      labels:\n        app: x\n").replace('\n', "\r\n");
        let (_, after) = fixed(&[&text]).unwrap();
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        assert_eq!(after.lines().count(), text.lines().count() + 3);
    }

    #[test]
    fn any_text_is_read() {
        let text =
            deployment("    metadata:\r\n      labels: # é\n      labels:\n        é: {{ x }} }}\n\t{{\n");
        for (end, _) in text.char_indices() {
            fixed(&[&text[..end]]);
            fixed(&[&text[end..]]);
        }
    }

    #[test]
    fn what_was_read_counts_and_not_what_was_known() {
        let before = deployment("    metadata:\n      labels:\n        app: x\n");
        let templates = [Template { path: Some(PATH.into()), text: before.clone() }];
        let (_, after) = fixed(&[&before]).unwrap();
        for found in [None, Some(Found::Nothing), Some(Found::Text(after.as_str().into()))] {
            assert_eq!(fix(&templates, &|_| found.clone()), None);
        }
        let moved = format!("# moved\n{before}");
        let fix = fix(&templates, &|_| Some(Found::Text(moved.as_str().into()))).unwrap();
        assert_eq!(edit::apply(&moved, &fix.edits), format!("# moved\n{after}"));
    }
}
