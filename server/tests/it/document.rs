//! The OpenAPI document.

#[test]
fn the_document_names_every_path() {
    let document = serde_json::to_value(wpc_server::openapi()).unwrap();
    let paths: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, of)| of.as_object().unwrap().keys().map(move |method| format!("{method} {path}")))
        .collect();
    insta::assert_snapshot!(paths.join("\n"));
}
