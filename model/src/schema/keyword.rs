//! The keywords that a schema may have (JSON Schema draft 2020-12, core and validation).

/// What a keyword's value must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A text that says nothing of values.
    Words,
    /// Anything.
    Anything,
    /// `true` or `false`.
    Flag,
    /// The draft's address; at the root alone.
    Dialect,
    /// The schema's own address; at the root alone.
    Address,
    /// `#`, or a JSON pointer after it.
    Reference,
    /// One of the seven types, or several.
    Types,
    /// At least one value.
    Values,
    /// A whole number.
    Number,
    /// A whole number from 1 on.
    Positive,
    /// A whole number from 0 on.
    Natural,
    /// A pattern.
    Pattern,
    /// Different texts.
    Names,
    /// Lists of different texts by name.
    NamesByName,
    /// A schema.
    Schema,
    /// At least one schema.
    Schemas,
    /// Schemas by name.
    SchemasByName,
    /// Schemas by pattern.
    SchemasByPattern,
}

/// The form of a keyword; `None` if schemas may not have it.
pub(super) fn form(keyword: &str) -> Option<Form> {
    Some(match keyword {
        "$comment" | "description" | "title" => Form::Words,
        "const" | "default" => Form::Anything,
        "examples" | "enum" => Form::Values,
        "deprecated" | "readOnly" | "uniqueItems" | "writeOnly" => Form::Flag,
        "$schema" => Form::Dialect,
        "$id" => Form::Address,
        "$ref" => Form::Reference,
        "type" => Form::Types,
        "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" => Form::Number,
        "multipleOf" => Form::Positive,
        "maxContains" | "maxItems" | "maxLength" | "maxProperties" | "minContains" | "minItems"
        | "minLength" | "minProperties" => Form::Natural,
        "pattern" => Form::Pattern,
        "required" => Form::Names,
        "dependentRequired" => Form::NamesByName,
        "additionalProperties" | "contains" | "else" | "if" | "items" | "not" | "propertyNames" | "then" => {
            Form::Schema
        }
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Form::Schemas,
        "$defs" | "dependentSchemas" | "properties" => Form::SchemasByName,
        "patternProperties" => Form::SchemasByPattern,
        _ => return None,
    })
}

/// Every keyword that schemas may have.
pub(super) const ALL: &[&str] = &[
    "$comment",
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "default",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// Why a keyword of other drafts, or of this one, may not stand, and what to do.
pub(super) fn refused(keyword: &str) -> (&'static str, &'static str) {
    match keyword {
        "format" | "contentEncoding" | "contentMediaType" | "contentSchema" => {
            ("a keyword that the draft lets readers ignore", "say what it means with `pattern`, or remove it")
        }
        "unevaluatedItems" | "unevaluatedProperties" => {
            ("a keyword that may take more than linear time", "use `additionalProperties` or `items`")
        }
        "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$recursiveAnchor" | "$recursiveRef" => {
            ("a reference by name", "use `$ref` and a JSON pointer, such as `#/$defs/line`")
        }
        "$vocabulary" => ("a vocabulary", "remove it: the keywords of draft 2020-12 are the only ones"),
        "definitions" => ("a keyword of an earlier draft", "write `$defs`"),
        "additionalItems" => ("a keyword of an earlier draft", "write `prefixItems` and `items`"),
        "dependencies" => {
            ("a keyword of an earlier draft", "write `dependentRequired` or `dependentSchemas`")
        }
        "id" => ("a keyword of an earlier draft", "write `$id`, or remove it"),
        _ => ("an unknown keyword", "remove it: readers of schemas ignore what they do not know"),
    }
}
