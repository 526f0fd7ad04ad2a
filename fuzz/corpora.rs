//! Takes the inputs again that the fuzzer has kept, one file each in `fuzz/corpus/TARGET`.

use std::panic::catch_unwind;
use std::path::Path;

/// Gives each kept input of a target to what it looks at.
///
/// # Panics
///
/// When there are none, or one does not hold; its path is in the message.
pub(crate) fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let inputs = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = inputs.map(|input| input.expect("an entry of the folder").path()).collect();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.sort();
    for path in paths {
        let input = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(catch_unwind(|| body(&input)).is_ok(), "{}: see above", path.display());
    }
}
