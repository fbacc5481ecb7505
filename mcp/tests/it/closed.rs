//! What a gate that others call stands on is closed to them (SECURITY.md 1.6).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use wpc_mcp::{check_callers, check_closed, check_unchanged};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn files_that_others_could_read_or_replace_are_open() {
    let place = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (place.path().join("gate"), place.path().join("elsewhere"));
    fs::create_dir(&folder).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let file = folder.join("gate.key");
    fs::write(&file, "a key").unwrap();
    for (bits, closed) in
        [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false), (0o622, false)]
    {
        mode(&file, bits);
        let code = check_closed(&file).map_err(|error| error.code());
        assert_eq!(code, if closed { Ok(()) } else { Err("gate_file_open") }, "{bits:o}");
    }
    mode(&file, 0o600);
    // Whoever may write to the folder may put another key there; that it can be listed is no harm.
    for (bits, closed) in [(0o700, true), (0o755, true), (0o775, false), (0o757, false)] {
        mode(&folder, bits);
        let found = check_closed(&file);
        assert_eq!(found.is_ok(), closed, "{bits:o}");
        if let Err(error) = found {
            assert_eq!(
                (error.code(), error.path()),
                ("gate_file_open", Some(folder.canonicalize().unwrap().as_path()))
            );
        }
    }
    mode(&folder, 0o700);
    // A link is as open as what it leads to, and as where it lies.
    let link = elsewhere.join("link.key");
    symlink(&file, &link).unwrap();
    mode(&elsewhere, 0o700);
    check_closed(&link).unwrap();
    mode(&elsewhere, 0o777);
    assert_eq!(check_closed(&link).unwrap_err().code(), "gate_file_open");
    mode(&elsewhere, 0o700);
    mode(&file, 0o644);
    assert_eq!(check_closed(&link).unwrap_err().code(), "gate_file_open");
    // A program may be read, and not changed.
    mode(&file, 0o755);
    check_unchanged(&file).unwrap();
    mode(&file, 0o775);
    assert_eq!(check_unchanged(&file).unwrap_err().code(), "gate_file_open");
    assert_eq!(check_closed(&folder.join("missing")).unwrap_err().code(), "file_unreadable");
}

#[test]
fn a_gates_own_user_calls_it_not_from_outside() {
    let place = tempfile::tempdir().unwrap();
    let own = fs::metadata(place.path()).unwrap().uid();
    let check = |callers: &[u32]| check_callers(&callers.iter().copied().collect::<BTreeSet<_>>());
    assert_eq!(check(&[own]).unwrap_err().code(), "gate_user");
    assert_eq!(check(&[own + 1, 0]).unwrap_err().code(), "gate_user");
    check(&[own + 1, own + 2]).unwrap();
}
