//! A text in YAML as a tree that knows where everything stands.
//!
//! Must not put anything of the text into a mistake: it may be a secret.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::ControlFlow;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use crate::base64::decoded;

/// How many bytes anchors and aliases may make of a text: a few lines can stand for more than any memory holds.
const MOST: usize = 64 << 20;

/// How deep lists and maps may stand in one another, by aliases as well: who walks the tree calls itself.
const DEEPEST: usize = 128;

/// The tag `!!binary`.
const BINARY: (&str, &str) = ("tag:yaml.org,2002:", "binary");

/// Something of a text in YAML, such as a kubeconfig or a file of a tool of clusters.
#[derive(Clone)]
pub struct Node {
    pub(crate) line: usize,
    pub(crate) column: usize,
    kind: Shape,
}

#[derive(Clone)]
enum Shape {
    /// Without quotes: a number, a boolean or nothing at all, too.
    Plain(String),
    Quoted(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) what: String,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("line", &self.line).field("column", &self.column).finish_non_exhaustive()
    }
}

impl Node {
    /// Reads the first document of a text; nothing when it is empty.
    pub(crate) fn read(text: &str) -> Result<Option<Node>, Mistake> {
        let mut first = None;
        each_document(text, |document| {
            first = Some(document);
            ControlFlow::Break(())
        })?;
        Ok(first.filter(|document| !document.is_nothing()))
    }

    /// Reads all documents of a text that are not empty.
    ///
    /// # Errors
    ///
    /// Why it is not YAML.
    pub fn documents(text: &str) -> Result<Vec<Node>, Mistake> {
        let mut all = Vec::new();
        each_document(text, |document| {
            all.extend(Some(document).filter(|document| !document.is_nothing()));
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    /// Whether it is `null` or empty.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(&self.kind, Shape::Plain(text) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Its text; nothing of lists and maps. A number is its digits.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Shape::Plain(text) | Shape::Quoted(text) => Some(text),
            _ => None,
        }
    }

    /// Its values, if it is a list.
    pub fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            Shape::List(items) => Some(items),
            _ => None,
        }
    }

    /// Its keys and values, if it is a map, in the order of the text: a key may stand there more than once.
    pub fn map(&self) -> Option<&[(String, Node)]> {
        match &self.kind {
            Shape::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// What a map has under a key, if that is not nothing. Of two the last one counts.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let pairs = self.map()?.iter().rev();
        let found = pairs.filter(|(name, _)| name == key).map(|(_, node)| node).next();
        found.filter(|node| !node.is_nothing())
    }

    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Shape::Plain(_) if self.is_nothing() => Value::Null,
            Shape::Plain(text) => flag(text).map(Value::Bool).unwrap_or_else(|| number(text)),
            Shape::Quoted(text) => Value::String(text.clone()),
            Shape::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Shape::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, node)| (key.clone(), node.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// How many bytes it takes.
    fn size(&self) -> usize {
        size_of::<Node>()
            + match &self.kind {
                Shape::Plain(text) | Shape::Quoted(text) => text.len(),
                Shape::List(items) => items.iter().map(Node::size).sum(),
                Shape::Map(pairs) => pairs.iter().map(|(key, node)| key.len() + node.size()).sum(),
            }
    }

    /// How deep lists and maps stand in one another.
    fn depth(&self) -> usize {
        match &self.kind {
            Shape::Plain(_) | Shape::Quoted(_) => 0,
            Shape::List(items) => 1 + items.iter().map(Node::depth).max().unwrap_or(0),
            Shape::Map(pairs) => 1 + pairs.iter().map(|(_, node)| node.depth()).max().unwrap_or(0),
        }
    }
}

/// Gives the documents of a text one by one until no more is wanted; what stands behind is not read.
fn each_document(text: &str, mut take: impl FnMut(Node) -> ControlFlow<()>) -> Result<(), Mistake> {
    let mut tree = Tree { open: Vec::new(), anchors: HashMap::new(), made: 0 };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| Mistake {
            line: error.marker().line(),
            column: error.marker().col() + 1,
            what: error.kind().to_string(),
        })?;
        let (line, column) = (span.start.line(), span.start.col() + 1);
        let done = tree.take(event, line, column);
        if let Some(root) = done.map_err(|what| Mistake { line, column, what: what.into() })?
            && take(root).is_break()
        {
            break;
        }
    }
    Ok(())
}

/// A boolean as YAML 1.1 writes it, which Go still reads.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Value {
    let looks = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.bytes().any(|byte| byte.is_ascii_digit());
    let whole = || text.parse().ok().map(|number: i64| Number::from(number));
    let parts = || text.parse().ok().and_then(Number::from_f64);
    let number = if looks { whole().or_else(parts) } else { None };
    number.map(Value::Number).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The tree as far as it was read.
struct Tree {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many bytes anchors and aliases have made.
    made: usize,
}

/// A list or a map that has not ended.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<String>,
}

impl Tree {
    /// Gives the document when it is complete.
    fn take(&mut self, event: Event<'_>, line: usize, column: usize) -> Result<Option<Node>, &'static str> {
        let node = |kind| Node { line, column, kind };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.as_ref().is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let is_binary = tag.is_some_and(|tag| tag.parts() == BINARY);
                let plain = style == ScalarStyle::Plain && !is_text && !is_binary;
                let text = if is_binary { binary(&text)? } else { text.into_owned() };
                self.add(node(if plain { Shape::Plain(text) } else { Shape::Quoted(text) }), anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(node(Shape::List(Vec::new())), anchor),
            Event::MappingStart(_, anchor, _) => self.begin(node(Shape::Map(Vec::new())), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(merged(open.node), open.anchor),
                None => Ok(None),
            },
            Event::Alias(anchor) => {
                // An anchor that has not ended contains its own alias.
                let known = self.anchors.get(&anchor).ok_or("an alias stands inside of what it names")?;
                if self.open.len() + known.depth() > DEEPEST {
                    return Err("it is nested too deeply");
                }
                let made = Node { line, column, ..copied(known, &mut self.made)? };
                self.add(made, 0)
            }
            Event::DocumentEnd => Ok(Some(node(Shape::Plain(String::new())))),
            _ => Ok(None),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<Option<Node>, &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("it is nested too deeply");
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(None)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<Option<Node>, &'static str> {
        if anchor != 0 {
            self.anchors.insert(anchor, copied(&node, &mut self.made)?);
        }
        let Some(open) = self.open.last_mut() else { return Ok(Some(node)) };
        match (&mut open.node.kind, open.key.take()) {
            (Shape::List(items), _) => items.push(node),
            (Shape::Map(pairs), Some(key)) => pairs.push((key, node)),
            (_, _) => open.key = Some(node.text().ok_or("a key is not a text")?.to_owned()),
        }
        Ok(None)
    }
}

/// A copy for an anchor or an alias, unless they make too much.
fn copied(node: &Node, made: &mut usize) -> Result<Node, &'static str> {
    *made += node.size();
    if *made > MOST { Err("aliases make it too large") } else { Ok(node.clone()) }
}

/// What a value with the tag `!!binary` stands for.
fn binary(text: &str) -> Result<String, &'static str> {
    let bytes = decoded(text).ok_or("a value with `!!binary` is not base64")?;
    String::from_utf8(bytes).map_err(|_| "a value with `!!binary` is not text in UTF-8")
}

/// A map with what its key `<<` brings; its own keys go before.
fn merged(mut node: Node) -> Node {
    let Shape::Map(pairs) = &mut node.kind else { return node };
    let Some(at) = pairs.iter().position(|(key, _)| key == "<<") else { return node };
    let (_, source) = pairs.remove(at);
    let sources = match source.kind {
        Shape::List(sources) => sources,
        kind => vec![Node { kind, ..source }],
    };
    let mut known: HashSet<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
    for source in sources {
        let Shape::Map(more) = source.kind else { continue };
        pairs.extend(more.into_iter().filter(|(key, _)| known.insert(key.clone())));
    }
    node
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        Node::read(text).unwrap().map_or(Value::Null, |node| node.to_json())
    }

    #[test]
    fn values_are_what_kubectl_takes_them_for() {
        let text = "a: 1\nb: 'yes'\nc: yes\nd: ~\ne: [x, 1.5, -2, inf, .]\nf: |\n  two\n  lines\ng: !!str 5\nh: [y, N, !!binary eWVz]\na: 2\n";
        let expected = json!({
            "a": 2, "b": "yes", "c": true, "d": null, "e": ["x", 1.5, -2, "inf", "."], "f": "two\nlines\n", "g": "5",
            "h": [true, false, "yes"],
        });
        assert_eq!(read(text), expected);
        assert_eq!(read("{\"a\": [{}, []]}"), json!({ "a": [{}, []] }));
        assert_eq!((read(""), read("# nothing\n"), read("---\n")), (Value::Null, Value::Null, Value::Null));
        assert_eq!(read("a: 1\n---\nb: 2\n"), json!({ "a": 1 }));
        let documents = Node::documents("---\na: 1\n---\n---\nb: 2\n").unwrap();
        assert_eq!(
            documents.iter().map(Node::to_json).collect::<Vec<_>>(),
            [json!({ "a": 1 }), json!({ "b": 2 })]
        );
    }

    #[test]
    fn aliases_and_merges_are_what_they_name() {
        let text = "x: &x {a: 1, b: 2}\ny: *x\nz: {<<: *x, b: 3}\n";
        let x = json!({ "a": 1, "b": 2 });
        assert_eq!(read(text), json!({ "x": x, "y": x, "z": { "a": 1, "b": 3 } }));
    }

    #[test]
    fn a_mistake_says_where_and_what_and_nothing_of_the_text() {
        let mistake = Node::read("users:\n- token: SECRET\n  password: \"SECRET\n").unwrap_err();
        assert_eq!(mistake.line, 3, "{mistake:?}");
        assert!(!mistake.what.is_empty() && !mistake.what.contains("SECRET"), "{mistake:?}");
        assert!(Node::read("a: *b").is_err());
        assert_eq!(Node::read("a: &a [*a]").unwrap_err().what, "an alias stands inside of what it names");
        assert_eq!(Node::read("[a]: b").unwrap_err().what, "a key is not a text");
        let mistake = Node::read("a: !!binary SECRET!").unwrap_err();
        assert_eq!(mistake.what, "a value with `!!binary` is not base64");
    }

    #[test]
    fn a_few_lines_do_not_become_more_than_memory_holds() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let below = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", "));
        }
        assert_eq!(Node::read(&text).unwrap_err().what, "aliases make it too large");
        let long = "x".repeat(1 << 20);
        let aliases = format!("a: &a {long}\nb: [{}]\n", ["*a"; 100].join(", "));
        let anchors = format!("{}{long}{}", "&a [".repeat(100), "]".repeat(100));
        for text in [aliases, anchors] {
            assert_eq!(Node::read(&text).unwrap_err().what, "aliases make it too large");
        }
        assert!(Node::read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn nothing_is_deeper_than_a_stack_holds() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Node::read(&nested(DEEPEST)).is_ok());
        assert_eq!(Node::read(&nested(DEEPEST + 1)).unwrap_err().what, "it is nested too deeply");
        let chained = |count: usize| {
            let link = |index: usize| format!("a{}: &a{} [*a{index}]\n", index + 1, index + 1);
            format!("a0: &a0 x\n{}", (0..count).map(link).collect::<String>())
        };
        assert!(Node::read(&chained(DEEPEST - 2)).is_ok());
        assert_eq!(Node::read(&chained(23_000)).unwrap_err().what, "it is nested too deeply");
    }
}
