//! Keys and tables that are defined twice, or extended where that is not allowed.
//!
//! Must not look at anything but the tree's keys and the kinds of its values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use text_size::TextRange;

use super::{Entry, Header, HeaderKind, Str, SyntaxError, SyntaxErrorKind, SyntaxTree, Value, ValueKind};

/// Adds the errors of a tree.
pub(super) fn check(tree: &mut SyntaxTree, text: &str) {
    let children = HashMap::with_capacity(tree.tables.iter().map(|table| table.entries.len() + 1).sum());
    let mut checker = Checker { text, nodes: Vec::new(), children, errors: Vec::new() };
    let root = checker.node(Kind::Header, TextRange::default());
    for table in &tree.tables {
        let place = match &table.header {
            None => Some(root),
            Some(header) => checker.header(root, header),
        };
        // The keys under a header that is wrong are compared with each other at least.
        let place = place.unwrap_or_else(|| checker.node(Kind::Header, table.range));
        for entry in &table.entries {
            checker.entry(place, entry);
        }
    }
    tree.errors.append(&mut checker.errors);
}

/// What a key stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A table that a header defines, or the root.
    Header,
    /// A table that exists because a header names one inside of it.
    Implicit,
    /// A table that the dots of a key define.
    Dotted,
    /// `[[name]]`; its last element.
    ArrayOfTables(NodeId),
    /// An inline table, which is complete.
    InlineTable,
    /// Any other value.
    Value,
}

type NodeId = u32;

struct Node {
    kind: Kind,
    /// The header or key that defines it first.
    defined: TextRange,
}

struct Checker<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    /// What each table has under each key.
    children: HashMap<(NodeId, Cow<'t, str>), NodeId>,
    errors: Vec<SyntaxError>,
}

impl<'t> Checker<'t> {
    fn node(&mut self, kind: Kind, defined: TextRange) -> NodeId {
        self.nodes.push(Node { kind, defined });
        (self.nodes.len() - 1) as NodeId
    }

    fn kind(&self, node: NodeId) -> Kind {
        self.nodes[node as usize].kind
    }

    /// The child of a key, and whether it is new; a new one is of the given kind.
    fn child(&mut self, parent: NodeId, key: Str, kind: Kind, defined: TextRange) -> (NodeId, bool) {
        let next = self.nodes.len() as NodeId;
        match self.children.entry((parent, key.decode(self.text))) {
            Slot::Occupied(slot) => (*slot.get(), false),
            Slot::Vacant(slot) => {
                slot.insert(next);
                self.nodes.push(Node { kind, defined });
                (next, true)
            }
        }
    }

    fn error(&mut self, kind: SyntaxErrorKind, range: TextRange, first: NodeId, message: String) {
        let related = Some(self.nodes[first as usize].defined);
        self.errors.push(SyntaxError { kind, range, message, related });
    }

    /// The table that a header opens, unless it must not.
    fn header(&mut self, root: NodeId, header: &Header) -> Option<NodeId> {
        let (last, parents) = header.path.split_last()?;
        let mut table = root;
        for key in parents {
            let (child, _) = self.child(table, *key, Kind::Implicit, key.range);
            table = match self.kind(child) {
                Kind::Header | Kind::Implicit | Kind::Dotted => child,
                Kind::ArrayOfTables(element) => element,
                Kind::InlineTable | Kind::Value => {
                    self.cannot_extend(*key, child);
                    return None;
                }
            };
        }
        match header.kind {
            HeaderKind::Table => self.open_table(table, *last, header),
            HeaderKind::ArrayOfTables => self.open_element(table, *last, header),
        }
    }

    fn open_table(&mut self, parent: NodeId, name: Str, header: &Header) -> Option<NodeId> {
        let (table, is_new) = self.child(parent, name, Kind::Header, header.range);
        if is_new {
            return Some(table);
        }
        if self.kind(table) == Kind::Implicit {
            let node = &mut self.nodes[table as usize];
            (node.kind, node.defined) = (Kind::Header, header.range);
            return Some(table);
        }
        self.defined_twice(name, header.range, table);
        None
    }

    fn open_element(&mut self, parent: NodeId, name: Str, header: &Header) -> Option<NodeId> {
        let element = self.node(Kind::Header, header.range);
        let (array, is_new) = self.child(parent, name, Kind::ArrayOfTables(element), header.range);
        if is_new {
            return Some(element);
        }
        if matches!(self.kind(array), Kind::ArrayOfTables(_)) {
            self.nodes[array as usize].kind = Kind::ArrayOfTables(element);
            return Some(element);
        }
        self.defined_twice(name, header.range, array);
        None
    }

    fn defined_twice(&mut self, name: Str, range: TextRange, first: NodeId) {
        let name = name.decode(self.text);
        let message = match self.kind(first) {
            Kind::Header | Kind::Dotted => format!("the table `{name}` is already defined"),
            Kind::Implicit => format!("`{name}` is already a table"),
            Kind::ArrayOfTables(_) => format!("`{name}` is already an array of tables"),
            Kind::InlineTable | Kind::Value => format!("the key `{name}` is already defined"),
        };
        self.error(SyntaxErrorKind::DuplicateTable, range, first, message);
    }

    fn cannot_extend(&mut self, key: Str, first: NodeId) {
        let name = key.decode(self.text);
        let message = match self.kind(first) {
            Kind::Header | Kind::Implicit | Kind::Dotted => {
                format!("the table `{name}` has a header: expected its keys under it")
            }
            Kind::ArrayOfTables(_) => {
                format!("`{name}` is an array of tables: expected a header to extend it")
            }
            Kind::InlineTable => format!("the inline table `{name}` is complete and cannot be extended"),
            Kind::Value => format!("`{name}` is not a table"),
        };
        self.error(SyntaxErrorKind::DuplicateTable, key.range, first, message);
    }

    fn entry(&mut self, table: NodeId, entry: &Entry) {
        let Some((last, parents)) = entry.path.split_last() else { return };
        let mut table = table;
        for key in parents {
            let (child, _) = self.child(table, *key, Kind::Dotted, key.range);
            match self.kind(child) {
                Kind::Dotted | Kind::Implicit => table = child,
                Kind::Header | Kind::ArrayOfTables(_) | Kind::InlineTable | Kind::Value => {
                    return self.cannot_extend(*key, child);
                }
            }
        }
        // A missing key is reported as such, and a key alone may still become another one.
        if last.range.is_empty() || entry.equals.is_none() {
            return;
        }
        let kind = match entry.value.as_ref().map(|value| &value.kind) {
            Some(ValueKind::InlineTable(_)) => Kind::InlineTable,
            _ => Kind::Value,
        };
        let (key, is_new) = self.child(table, *last, kind, last.range);
        if !is_new {
            let message = format!("the key `{}` is already defined", last.decode(self.text));
            self.error(SyntaxErrorKind::DuplicateKey, last.range, key, message);
        }
        if let Some(value) = &entry.value {
            self.value(value);
        }
    }

    /// Inline tables, each with its own keys; the parser bounds how deep they are.
    fn value(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::Array(values) => values.iter().for_each(|value| self.value(value)),
            ValueKind::InlineTable(entries) => {
                let table = self.node(Kind::InlineTable, value.range);
                entries.iter().for_each(|entry| self.entry(table, entry));
            }
            _ => {}
        }
    }
}
