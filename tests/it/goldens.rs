//! What generated code looks like, by feature.

use quote::ToTokens;
use syn::{ImplItem, Item, Type};
use wpc_compiler::{Colour, Compiled, Parameters, Source, compile, emit, render_all};

use crate::gate::compiled;

fn from_statements(statements: &str) -> (String, Compiled) {
    let text = format!(
        "use azure_service_bus\n\npolicy p {{\n  tool azure_service_bus at namespace(\"contoso.servicebus.windows.net\") {{\n    {}\n  }}\n  token {{ pin policy; bind job }}\n}}\n",
        statements.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n    ")
    );
    let source = Source::new("p.wpc", text);
    let compiled = compile(&source, &Parameters::new())
        .unwrap_or_else(|problems| panic!("{}", render_all(&problems, &source, Colour::Plain)));
    (source.text().to_owned(), compiled)
}

fn file(compiled: &Compiled) -> syn::File {
    syn::parse2(emit::rust(compiled, &emit::Options::default())).unwrap()
}

/// The tables of names and the rules, without what is the same for every policy.
fn rules(compiled: &Compiled) -> String {
    let mut found = Vec::new();
    collect(file(compiled).items, "", &mut found);
    found.join("\n")
}

fn collect(items: Vec<Item>, within: &str, found: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Mod(module) => {
                let path = format!("{within}::{}", module.ident);
                collect(module.content.unwrap().1, &path, found);
            }
            Item::Static(table) => found.push(format!("// {within}\n{}", pretty(vec![Item::Static(table)]))),
            Item::Impl(of) => {
                let Type::Path(of_type) = *of.self_ty else { continue };
                let name = of_type.to_token_stream().to_string();
                for member in of.items {
                    if let ImplItem::Fn(function) = member
                        && function.sig.ident == "rule"
                    {
                        let function = syn::parse2(function.to_token_stream()).unwrap();
                        found.push(format!("// {within}::{name}\n{}", pretty(vec![function])));
                    }
                }
            }
            _ => {}
        }
    }
}

/// As rustfmt would, with the runtime's hidden module called `__private` for short.
fn pretty(items: Vec<Item>) -> String {
    let code =
        prettyplease::unparse(&syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items });
    code.replace("::wpc::__private::", "").replace("::core::primitive::", "").replace("::core::option::", "")
}

macro_rules! golden {
    ($($(#[$doc:meta])* $name:ident: $statements:literal;)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            let (source, compiled) = from_statements($statements);
            insta::assert_snapshot!(format!("{source}\n-----\n\n{}", rules(&compiled)));
        }
    )*};
}

golden! {
    exact_names_are_looked_up_in_a_table:
        r#"allow send to queue("b"), queue("a"), topic("t")
           deny send to queue("c")"#;
    names_that_differ_in_letter_case_share_their_rules:
        r#"allow send to queue("orders")
           deny send to queue("ORDERS")"#;
    patterns_are_tried_in_the_order_of_rules:
        r#"allow peek from queue(like "orders-*"), any subscription
           deny peek from subscription("secret", any)
           deny peek from queue("orders-x")"#;
    a_deny_of_everything_is_a_rule_of_every_action:
        r#"allow peek from queue("a")
           deny any
           deny complete on any"#;
    keys_of_a_map_are_found_in_one_pass:
        r#"allow send to queue("a") when {
               properties has ["b", "a"]
               properties lacks ["C", "c"]
               message_bytes <= 1 KiB
               properties["b"] == "1"
           }"#;
    an_allow_needs_every_element_and_a_deny_one:
        r#"allow schedule to queue("a") when { message_bytes <= 1 KiB; session_id is present; messages.size <= 3 }
           deny schedule to queue("a") when { content_type like "text/*"; messages.size > 5 }"#;
    a_list_of_conditions_is_one_function_however_many_rules_have_it:
        r#"allow send to queue(["a", "b", "c"]) when { message_bytes <= 1 KiB }
           allow send to topic("a") when { message_bytes <= 1 KiB }
           allow send to topic("b") when { message_bytes <= 2 KiB }"#;
}

#[test]
fn more_than_sixteen_lists_are_chosen_by_a_tree_of_matches() {
    let allows =
        (1..=40).map(|n| format!("allow send to queue(\"q{n}\") when {{ message_bytes <= {n} KiB }}"));
    let (_, compiled) = from_statements(&allows.collect::<Vec<_>>().join("\n"));
    let code = rules(&compiled);
    let arms =
        code.split("match list {").skip(1).map(|rest| rest.split('}').next().unwrap().matches("=>").count());
    let arms: Vec<_> = arms.collect();
    assert_eq!(arms, [11, 11, 11, 11], "ten lists and the rest, four times");
}

#[test]
fn more_than_sixteen_keys_are_searched_for() {
    let keys: Vec<_> = (0..70).map(|n| format!("\"k{n:02}\"")).collect();
    let (_, compiled) = from_statements(&format!(
        "allow send to queue(\"a\") when {{ properties lacks [{}] }}",
        keys.join(", ")
    ));
    let code = rules(&compiled);
    let code: String = code.split_whitespace().collect();
    assert!(code.contains("keys::<2,>(element.properties,|seen,key|{seen.search(key,&["), "{code}");
}

/// The whole of the module that LANGUAGE.md's example becomes.
#[test]
fn the_example_as_a_whole() {
    insta::assert_snapshot!(prettyplease::unparse(&file(&compiled("orders.wpc"))));
}

#[test]
fn every_type_and_test_of_the_language() {
    insta::assert_snapshot!(rules(&compiled("desk.wpc")));
}

#[test]
fn an_interface_beside_its_policy() {
    let compiled = compiled("desk.wpc");
    let interface = file(&compiled)
        .items
        .into_iter()
        .find(|item| matches!(item, Item::Mod(of) if of.ident == "interface"));
    insta::assert_snapshot!(pretty(vec![interface.unwrap()]));
}
