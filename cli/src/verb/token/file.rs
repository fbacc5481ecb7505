//! A token and its grant as files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use wpc::token::{Issued, MAX_TOKEN_BYTES, Token};
use wpc_evidence::private_file::{self, Draft, DraftError};

use super::{advice, grant_path};
use crate::failure::Failure;
use crate::input;
use crate::output::Batch;

/// Reads a token, a line feed at the end or not.
pub(crate) fn read(path: &Path) -> Result<Token, Failure> {
    let text = text(path)?;
    Token::parse(&text).map_err(|error| {
        Failure::no(error.code(), format!("not a token: {error}"))
            .file(path)
            .help(advice(error))
            .cause(&error)
    })
}

/// A token's text, which may be any.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    // A grant is longer, and is told as what it is.
    let most = MAX_TOKEN_BYTES.max(wpc::token::grant::MAX_GRANT_BYTES);
    let mut text = input::text(path, "token", most)?;
    if text.ends_with('\n') {
        text.truncate(text.len().saturating_sub(1));
    }
    Ok(text)
}

/// Writes a token to a file that nobody else may read, and its grant beside it: both or none.
/// `replaces` says that there may be a token of that name.
pub(super) fn write(path: &Path, issued: &Issued, replaces: bool) -> Result<(), Failure> {
    if input::is_stdin(path) {
        return Err(Failure::environment("usage", "a token is written to a file")
            .help("give a path to `--out`; `--stdout` prints the token besides"));
    }
    let mut grant = Batch::default();
    grant.stage(&grant_path(path), &issued.grant)?;
    let failed = |cause: &io::Error| unwritten(path, cause);
    let mut draft = Draft::beside(path).map_err(|error| match error {
        DraftError::Io(cause) => failed(&cause),
        DraftError::Random(error) => Failure::environment(error.code(), error.to_string()).cause(&error),
    })?;
    writeln!(draft.file, "{}", issued.token.as_str()).map_err(|cause| failed(&cause))?;
    if replaces {
        // The old token stays good until it expires: whichever of the two files is old, no job breaks.
        grant.commit()?;
        draft.file.sync_all().and_then(|()| fs::rename(&draft.path, path)).map_err(|cause| failed(&cause))?;
        return crate::output::sync(private_file::directory(path)).map_err(|cause| failed(&cause));
    }
    draft.publish(path).map_err(|cause| failed(&cause))?;
    grant.commit().inspect_err(|_| {
        let _gone = fs::remove_file(path);
    })
}

fn unwritten(path: &Path, cause: &io::Error) -> Failure {
    if cause.kind() == io::ErrorKind::AlreadyExists {
        return Failure::environment("file_exists", "there is something of that name already")
            .file(path)
            .help("choose another name, or renew the token in it: `wpc token renew`");
    }
    Failure::environment("file_unwritable", format!("cannot write the token: {}", input::reason(cause)))
        .file(path)
        .help("check that the directory exists and that you may write there")
        .cause(cause)
}
