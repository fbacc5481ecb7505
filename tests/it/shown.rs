//! docs/security-tests.md says which test shows what, and each of them is there.

use std::fs;
use std::path::Path;

use crate::weaknesses::tests;

#[test]
fn every_test_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tests = tests(&root);
    let page = fs::read_to_string(root.join("docs/security-tests.md")).unwrap();
    let (mut rows, mut missing) = (0, Vec::new());
    for row in page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--")) {
        let Some(cell) = row.trim_end_matches('|').rsplit('|').next().filter(|cell| cell.contains('`'))
        else {
            assert!(row.ends_with("shown by |"), "nothing shows: {row}");
            continue;
        };
        rows += 1;
        for named in cell.split('`').skip(1).step_by(2) {
            let is_there =
                if named.contains(['/', '.']) { root.join(named).is_file() } else { tests.contains(named) };
            if !is_there {
                missing.push(named.to_owned());
            }
        }
    }
    assert!(rows > 40, "only {rows} rows were read");
    assert_eq!(missing, Vec::<String>::new());
}
