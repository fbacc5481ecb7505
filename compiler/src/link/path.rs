//! The paths by which files name one another.

/// Longest path, in bytes.
const MAX_PATH_BYTES: usize = 1_024;

/// Where `written` leads from the file at `from`, both seen from the compiled file's folder.
///
/// A path is relative, begins with `./` or `../`, ends in `.wpc`, and stays in that folder: whoever
/// compiles a policy reads what lies beside it and below, and nothing else.
///
/// # Errors
///
/// What is wrong with it, as the end of a sentence.
pub(crate) fn resolve(from: &str, written: &str) -> Result<String, &'static str> {
    if !written.starts_with("./") && !written.starts_with("../") {
        return Err("it does not begin with `./` or `../`");
    }
    if !written.ends_with(".wpc") {
        return Err("it does not end in `.wpc`");
    }
    within(from, written)
}

/// The same of a schema's path, which ends in `.json` and needs no `./`: no schema is shipped.
///
/// # Errors
///
/// As [`resolve`].
pub(crate) fn of_schema(from: &str, written: &str) -> Result<String, &'static str> {
    if !written.ends_with(SCHEMA) {
        return Err("it does not end in `.json`");
    }
    within(from, written)
}

/// What the path of a schema ends in.
pub(crate) const SCHEMA: &str = ".json";

fn within(from: &str, written: &str) -> Result<String, &'static str> {
    if written.len() > MAX_PATH_BYTES {
        return Err("it is longer than 1024 bytes");
    }
    if written.contains(|c: char| c.is_control() || matches!(c, '\\' | ':')) {
        return Err("it holds a `\\`, a `:` or a control character");
    }
    let mut steps: Vec<&str> = from.split('/').collect();
    steps.pop();
    for (index, step) in written.split('/').enumerate() {
        match step {
            "." if index == 0 => {}
            "" | "." => return Err("it has an empty or a needless part"),
            ".." => {
                steps.pop().ok_or("it leads out of the compiled file's folder")?;
            }
            step => steps.push(step),
        }
    }
    Ok(steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, written: &str, expect: Option<&str>) {
        assert_eq!(resolve(from, written).ok().as_deref(), expect, "{written} from {from}");
    }

    #[test]
    fn a_schemas_path_may_begin_with_a_name() {
        assert_eq!(of_schema("tools/crm.wpc", "order.json").as_deref(), Ok("tools/order.json"));
        assert_eq!(of_schema("tools/crm.wpc", "../order.json").as_deref(), Ok("order.json"));
        for refused in
            ["/etc/order.json", "../order.json", "./order.wpc", "https://a/order.json", "a//b.json"]
        {
            assert!(of_schema("orders.wpc", refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_path_starts_at_the_file_that_names_it() {
        check("orders.wpc", "./crm.wpc", Some("crm.wpc"));
        check("orders.wpc", "./tools/crm.wpc", Some("tools/crm.wpc"));
        check("tools/crm.wpc", "./desk.wpc", Some("tools/desk.wpc"));
        check("tools/crm.wpc", "../house.wpc", Some("house.wpc"));
        check("orders.wpc", "./tools/../crm.wpc", Some("crm.wpc"));
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        for written in [
            "../crm.wpc",
            "./a/../../crm.wpc",
            "/etc/crm.wpc",
            "crm.wpc",
            "./crm",
            ".//crm.wpc",
            "././crm.wpc",
            "./a\\b.wpc",
            "./c:x.wpc",
            "file://x.wpc",
            "./a\n.wpc",
        ] {
            check("orders.wpc", written, None);
        }
        check("tools/crm.wpc", "../../x.wpc", None);
    }
}
