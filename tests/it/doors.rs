//! Two doors into one compiler: the same tokens, whichever way a policy comes in.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use wpc::Policy;
use wpc_compiler::{Parameters, Source, compile, emit, gather};

/// Tokens one by one, without the commas that only layout needs.
fn flat(tokens: TokenStream, out: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push(open.to_owned());
                flat(group.stream(), out);
                if out.last().is_some_and(|last| last == ",") {
                    out.pop();
                }
                out.push(close.to_owned());
            }
            // A text is the same however its quotes are written.
            TokenTree::Literal(literal) => {
                out.push(match syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    Ok(text) => format!("{:?}", text.value()),
                    Err(_) => literal.to_string(),
                })
            }
            token @ (TokenTree::Ident(_) | TokenTree::Punct(_)) => {
                let token = token.to_string();
                if token == ">" && out.last().is_some_and(|last| last == ",") {
                    out.pop();
                }
                out.push(token);
            }
        }
    }
}

#[track_caller]
fn check(file: &str, parameters: &[(&str, &str)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let name = path.display().to_string();
    let text = std::fs::read_to_string(&path).unwrap();
    let given: Parameters = parameters.iter().copied().collect();
    let mut source = Source::new(&name, text);
    gather(&mut source, |used| {
        std::fs::read_to_string(path.with_file_name(used)).map_err(|error| error.to_string())
    });
    let compiled = compile(&source, &given).unwrap();
    // What `policy!` expands to, but for the name of the callback macro and the tracking line.
    let macro_door = emit::rust(&compiled, &emit::Options::default());
    let build =
        parameters.iter().fold(wpc_build::compile(&path), |build, (name, value)| build.param(*name, *value));
    let (code, _) = build.to_rust().unwrap();
    // What `include_policy!` reads.
    let build_door: TokenStream = code.parse().unwrap();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    flat(macro_door, &mut left);
    flat(build_door, &mut right);
    let differs = left.iter().zip(&right).position(|(left, right)| left != right);
    assert_eq!(differs, None, "{:?}", differs.map(|at| (&left[at.saturating_sub(8)..at + 1], &right[at])));
    assert_eq!(left.len(), right.len());
}

#[test]
fn both_doors_give_the_same_tokens() {
    check("policies/orders.wpc", &[]);
    check("policies/orders.wpc", &[("host", "contoso-prod.servicebus.windows.net")]);
    check("policies/receive.wpc", &[]);
    check("policies/desk.wpc", &[]);
    check("policies/shared.wpc", &[]);
    check("policies/capped_job.wpc", &[]);
}

mod shared {
    wpc::policy!("../policies/shared.wpc");
}

#[test]
fn the_macro_reads_the_files_that_a_policy_uses() {
    let compiled = crate::gate::compiled("shared.wpc");
    assert_eq!(shared::Shared::HASH, compiled.policy.hash().to_string());
    let pager = &compiled.policy.tools["pager"];
    assert_eq!((pager.allow.len(), pager.deny.len(), pager.limits.len()), (1, 1, 1));
}

#[test]
fn the_build_door_points_into_the_file_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("used")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("used/duties.wpc", "\nrules duties { deny mange on any }\n");
    write(
        "p.wpc",
        "use azure_service_bus\nuse \"./used/duties.wpc\" as duties\npolicy p {\n  with duties\n  tool azure_service_bus at namespace(\"h\") { allow send to queue(\"q\") }\n}\n",
    );
    let path = folder.path().join("p.wpc");
    let error = wpc_build::compile(&path).to_rust().unwrap_err().to_string();
    assert!(error.contains("used/duties.wpc:2:21") && error.contains("p.wpc:4:8"), "{error}");
    std::fs::remove_file(folder.path().join("used/duties.wpc")).unwrap();
    let missing = wpc_build::compile(&path).to_rust().unwrap_err().to_string();
    assert!(missing.contains("p.wpc:2:5") && missing.contains("cannot be used"), "{missing}");
}

#[test]
fn emission_is_a_function_of_the_policy() {
    let again = || {
        wpc_build::compile(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/desk.wpc")).to_rust().unwrap()
    };
    assert_eq!(again(), again());
}

#[test]
fn the_build_door_draws_every_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.wpc");
    std::fs::write(&path, "use azure_service_bus\npolicy p {\n  tool azure_service_bus at namespace(\"h\") { allow sned to queue(\"q\"); permt }\n}\n").unwrap();
    let error = wpc_build::compile(&path).to_rust().unwrap_err().to_string();
    assert!(error.contains("bad.wpc:3:"), "{error}");
    let missing = wpc_build::compile(folder.path().join("none.wpc")).to_rust().unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the policy"), "{missing}");
}
