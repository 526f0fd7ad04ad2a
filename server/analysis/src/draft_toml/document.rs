//! What the reader has read so far: tables by number, and the rules by which headers and keys find their place.
//!
//! Must not know characters: it gets decoded keys and values.

use std::collections::HashMap;

/// The number of a table of a document.
pub(super) type TableId = usize;

/// The table of what stands above the first header.
pub(super) const ROOT: TableId = 0;

/// All tables of a file; they hold each other by number, so that no depth of nesting is a depth of calls.
#[derive(Debug)]
pub(super) struct Document {
    tables: Vec<DraftTable>,
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct DraftTable {
    /// In the order of the file; each key once.
    pub(super) entries: Vec<DraftEntry>,
    places: HashMap<String, usize>,
    /// Made by a header of a table inside of it, so that it may still be defined.
    implicit: bool,
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct DraftEntry {
    pub(super) key: Key,
    pub(super) value: DraftValue,
}

/// A decoded key and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) offset: usize,
}

/// A value, as far as it matters to Draft.
#[derive(Debug)]
pub(super) enum DraftValue {
    String(String),
    Integer,
    Float,
    Boolean,
    Date,
    Array,
    Table(TableId),
    /// `[[name]]`: never empty.
    Tables(Vec<TableId>),
}

impl DraftValue {
    /// What it is, with its article.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            DraftValue::String(_) => "a string",
            DraftValue::Integer => "an integer",
            DraftValue::Float => "a float",
            DraftValue::Boolean => "a boolean",
            DraftValue::Date => "a date",
            DraftValue::Array => "an array",
            DraftValue::Table(_) => "a table",
            DraftValue::Tables(_) => "an array of tables",
        }
    }
}

impl Document {
    pub(super) fn new() -> Document {
        Document { tables: vec![DraftTable::default()] }
    }

    pub(super) fn table(&self, id: TableId) -> &DraftTable {
        &self.tables[id]
    }

    pub(super) fn add_table(&mut self) -> TableId {
        self.tables.push(DraftTable::default());
        self.tables.len() - 1
    }

    /// Sets a key of an inline table; of two equal ones the last wins.
    pub(super) fn put(&mut self, table: TableId, key: Key, value: DraftValue) {
        let table = &mut self.tables[table];
        match table.places.get(&key.name) {
            Some(place) => table.entries[*place] = DraftEntry { key, value },
            None => table.push(key, value),
        }
    }

    /// Defines a key. A table that so far only exists because one inside of it does stays as it is, whatever the value.
    ///
    /// # Errors
    ///
    /// When the key is defined already.
    pub(super) fn define(&mut self, table: TableId, key: Key, value: DraftValue) -> Result<(), String> {
        match self.value(table, &key.name) {
            None => self.tables[table].push(key, value),
            Some(&DraftValue::Table(inner)) if self.tables[inner].implicit => {
                self.tables[inner].implicit = false
            }
            Some(_) => return Err(format!("`{}` is defined twice", key.name)),
        }
        Ok(())
    }

    /// The table that a header `[path]` begins.
    ///
    /// # Errors
    ///
    /// When it is defined already, or a part of its path is something else than a table.
    pub(super) fn open(&mut self, path: Vec<Key>) -> Result<TableId, String> {
        let (parent, last) = self.parent(path)?;
        let name = last.name.clone();
        let new = self.add_table();
        self.define(parent, last, DraftValue::Table(new))?;
        // One that existed implicitly goes on.
        match self.value(parent, &name) {
            Some(&DraftValue::Table(table)) => Ok(table),
            _ => Ok(new),
        }
    }

    /// The table that a header `[[path]]` begins.
    ///
    /// # Errors
    ///
    /// When a part of the path is something else.
    pub(super) fn open_in_array(&mut self, path: Vec<Key>) -> Result<TableId, String> {
        let (parent, last) = self.parent(path)?;
        let new = self.add_table();
        let place = self.tables[parent].places.get(&last.name).copied();
        match place.map(|place| &mut self.tables[parent].entries[place].value) {
            None => self.tables[parent].push(last, DraftValue::Tables(vec![new])),
            Some(DraftValue::Tables(tables)) => tables.push(new),
            Some(other) => {
                return Err(format!(
                    "`{}` is {} already, not an array of tables",
                    last.name,
                    other.describe()
                ));
            }
        }
        Ok(new)
    }

    /// The table in which the last key of a path stands; the tables on the way are made where they are missing.
    fn parent(&mut self, mut path: Vec<Key>) -> Result<(TableId, Key), String> {
        let Some(last) = path.pop() else { return Err("a table needs a name".into()) };
        let mut table = ROOT;
        for key in path {
            table = match self.value(table, &key.name) {
                Some(DraftValue::Table(inner)) => *inner,
                Some(DraftValue::Tables(tables)) => tables.last().copied().unwrap_or(table),
                Some(other) => {
                    return Err(format!("`{}` is {} already, not a table", key.name, other.describe()));
                }
                None => {
                    let new = self.add_table();
                    self.tables[new].implicit = true;
                    self.tables[table].push(key, DraftValue::Table(new));
                    new
                }
            };
        }
        Ok((table, last))
    }

    fn value(&self, table: TableId, key: &str) -> Option<&DraftValue> {
        let table = &self.tables[table];
        table.places.get(key).map(|place| &table.entries[*place].value)
    }
}

impl DraftTable {
    fn push(&mut self, key: Key, value: DraftValue) {
        self.places.insert(key.name.clone(), self.entries.len());
        self.entries.push(DraftEntry { key, value });
    }
}
