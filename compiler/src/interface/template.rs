//! Scopes and resource kinds: parameters and the text in which they stand.

use wpc_grammar::Span;
use wpc_grammar::syntax;
use wpc_model::{Kind, MAX_PARTS, Scope, Spelling, Template, Type};

use super::Builder;
use crate::words::{all_of, describe};
use crate::{Code, Diagnostic, bounds, ty};

/// A piece of a template's text.
enum Piece<'t> {
    /// As it stands.
    Literal(&'t str),
    /// The name between braces.
    Hole(&'t str),
}

/// A parameter's name and type.
type Parameter<'p> = (&'p str, &'p Type);

impl<'a> Builder<'a> {
    pub(super) fn scope(&mut self, written: &'a syntax::Template) {
        let taken = self.has(&written.name);
        if let Some(first) = &self.interface.scope {
            let first = self.names.get(first.name.as_str()).copied();
            let second = Diagnostic::error(
                Code::RepeatedName,
                written.name.loc.0,
                format!("found a second scope in tool `{}`", self.interface.name),
                "a tool has one scope at most",
            );
            return self.problems.report(second.also_at(first, "the first one"));
        }
        match self.template(written, None) {
            Some(template) if taken => {
                self.interface.scope = Some(Scope { name: written.name.text.clone(), template });
            }
            _ => drop(self.broken.insert(written.name.text.clone())),
        }
    }

    pub(super) fn kind(&mut self, written: &'a syntax::Template) {
        let taken = self.has(&written.name);
        let scope = self.interface.scope.as_ref().map(|scope| scope.name.clone());
        match self.template(written, scope.as_deref()) {
            Some(template) if taken => {
                self.interface.kinds.insert(written.name.text.clone(), Kind { template });
            }
            _ => drop(self.broken.insert(written.name.text.clone())),
        }
    }

    fn template(&mut self, written: &'a syntax::Template, scope: Option<&str>) -> Option<Template> {
        let before = self.problems.count();
        let mut parameters: Vec<(String, Type)> = Vec::new();
        bounds::few(written.fields.len(), MAX_PARTS, "parameters", written.name.loc.0, self.problems);
        for field in &written.fields {
            bounds::name(&field.name, self.problems);
            if field.name.text == "kind" {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedName,
                        field.name.loc.0,
                        "found parameter `kind`, which is how calls name the kind of a resource",
                        "reserved",
                    )
                    .help("choose another name"),
                );
            }
            if let Some(first) = parameters.iter().position(|(name, _)| *name == field.name.text) {
                let repeated = Diagnostic::error(
                    Code::RepeatedName,
                    field.name.loc.0,
                    format!("found parameter `{}` twice", field.name.text),
                    "already taken",
                );
                let first = written.fields.get(first).map(|field| field.name.loc.0);
                self.problems.report(repeated.also_at(first, "first used here"));
            } else if scope == Some(&field.name.text) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedName,
                        field.name.loc.0,
                        format!("found parameter `{}`, which is the scope's name", field.name.text),
                        "hides the scope",
                    )
                    .help("give the parameter another name"),
                );
            }
            if let Some(mark) = field.marks.first() {
                self.problems.report(Diagnostic::error(
                    Code::UnfitArgument,
                    mark.loc.0,
                    format!("found `{}` on a parameter of a resource, which is always stated", mark.text),
                    "marks are for arguments",
                ));
            }
            if let Some(ty) = self.slot_type(field) {
                parameters.push((field.name.text.clone(), ty));
            }
        }
        if self.problems.count() > before {
            return None;
        }
        if parameters.is_empty() {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    written.name.loc.0,
                    format!("found no parameter of `{}`, expected at least one", written.name.text),
                    "names nothing",
                )
                .help("say what tells one from another, such as `(name: entity_name<260>)`"),
            );
            return None;
        }
        let text = written.template.value.clone();
        self.text(&text, written.template.loc.0, &parameters, scope)?;
        Some(Template { parameters, text })
    }

    fn slot_type(&mut self, field: &syntax::Field) -> Option<Type> {
        let read = ty::read(&field.ty, &self.records, self.problems)?;
        let unfit = |message| {
            Diagnostic::error(Code::UnfitArgument, field.ty.loc.0, message, "cannot name a resource")
        };
        if field.ty.optional {
            let message =
                format!("found optional parameter `{}`, expected one that is always stated", field.name.text);
            self.problems.report(unfit(message).help("remove the `?`"));
            return None;
        }
        if !read.is_text() {
            let message = format!("found a resource named by `{}`, expected a text", describe(&read));
            let help =
                "use `entity_name<N>`, `text`, `host`, `did`, `email`, `url`, `ip`, `path` or a choice";
            self.problems.report(unfit(message).help(help));
            return None;
        }
        Some(read)
    }

    /// Checks holes and that two resources are never written alike.
    fn text(
        &mut self,
        text: &str,
        span: Span,
        parameters: &[(String, Type)],
        scope: Option<&str>,
    ) -> Option<()> {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(why) => {
                self.problems.report(
                    Diagnostic::error(
                        Code::BrokenTemplate,
                        span,
                        format!("found a template with {why}"),
                        "cannot be read",
                    )
                    .help("write each hole as `{name}`; braces have no other use here"),
                );
                return None;
            }
        };
        let before = self.problems.count();
        if text.chars().any(char::is_control) {
            self.problems.report(
                Diagnostic::error(
                    Code::BrokenTemplate,
                    span,
                    "found a template with a control character",
                    "cannot be read",
                )
                .help("remove it"),
            );
        }
        let mut holes: Vec<&str> = Vec::new();
        for piece in &pieces {
            let Piece::Hole(hole) = piece else { continue };
            if scope == Some(*hole) {
                continue;
            }
            if !parameters.iter().any(|(name, _)| name == hole) {
                let known = parameters.iter().map(|(name, _)| name.as_str()).chain(scope);
                let near = self.problems.nearest(hole, known.clone());
                let help = near.unwrap_or_else(|| format!("use {}", all_of(known)));
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownHole,
                        span,
                        format!("found hole `{{{hole}}}`, which names no parameter"),
                        "not a parameter, nor the scope",
                    )
                    .help(help),
                );
            } else if holes.contains(hole) {
                self.problems.report(
                    Diagnostic::error(
                        Code::BrokenTemplate,
                        span,
                        format!("found hole `{{{hole}}}` twice"),
                        "each parameter stands once",
                    )
                    .help("remove one of them"),
                );
            }
            holes.push(hole);
        }
        if self.problems.count() > before {
            return None;
        }
        if let Some((missing, _)) = parameters.iter().find(|(name, _)| !holes.contains(&name.as_str())) {
            self.problems.report(
                Diagnostic::error(
                    Code::AmbiguousTemplate,
                    span,
                    format!(
                        "found a template without `{{{missing}}}`, so that two resources are written alike"
                    ),
                    format!("does not tell one `{missing}` from another"),
                )
                .help(format!("add the hole `{{{missing}}}`")),
            );
            return None;
        }
        if let Some((left, right)) = ambiguity(&pieces, parameters) {
            self.problems.report(
                Diagnostic::error(
                    Code::AmbiguousTemplate,
                    span,
                    format!("found nothing that shows where `{{{left}}}` ends and `{{{right}}}` begins"),
                    "two resources are written alike",
                )
                .help("put a character between them that one of the two can never hold"),
            );
            return None;
        }
        Some(())
    }
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, tail) = after.split_once('}').ok_or("a `{` that is not closed")?;
        if before.contains('}') {
            return Err("a `}` that closes nothing");
        }
        if hole.is_empty() || hole.contains('{') {
            return Err("a hole that names nothing");
        }
        pieces.extend([Piece::Literal(before), Piece::Hole(hole)]);
        rest = tail;
    }
    if rest.contains('}') {
        return Err("a `}` that closes nothing");
    }
    pieces.push(Piece::Literal(rest));
    Ok(pieces)
}

/// Two neighbouring parameters whose border cannot be found in the filled text.
///
/// From the left, the first occurrence of a character that a value cannot hold ends it; from the
/// right, the last one begins the next. The text can be read back if the borders up to some point
/// are found from the left and the others from the right. (The scope is the same text in all
/// resources of a tool, so it is as good as literal; which characters it has is not known.)
fn ambiguity<'p>(pieces: &[Piece<'p>], parameters: &'p [(String, Type)]) -> Option<(&'p str, &'p str)> {
    let ty_of =
        |hole: &str| parameters.iter().find(|(name, _)| name == hole).map(|(name, ty)| (name.as_str(), ty));
    let mut borders: Vec<(Parameter<'p>, String, Parameter<'p>)> = Vec::new();
    let mut last: Option<Parameter<'p>> = None;
    let mut between = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => between.push_str(literal),
            Piece::Hole(hole) => {
                let Some(next) = ty_of(hole) else { continue };
                if let Some(left) = last.replace(next) {
                    borders.push((left, between.clone(), next));
                }
                between.clear();
            }
        }
    }
    let ends = |(_, ty): Parameter<'_>, border: &str| border.chars().any(|c| !may_hold(ty, c));
    let from_left = borders.iter().take_while(|(left, border, _)| ends(*left, border)).count();
    let from_right = borders.iter().rev().take_while(|(_, border, right)| ends(*right, border)).count();
    if from_left + from_right >= borders.len() {
        return None;
    }
    borders.get(from_left).map(|(left, _, right)| (left.0, right.0))
}

/// Whether a value of `ty` may hold `c`.
fn may_hold(ty: &Type, c: char) -> bool {
    if let Type::Choice(words) = ty {
        return words.iter().any(|word| word.contains(c));
    }
    match ty.spelling() {
        Spelling::EntityName(max) => {
            let slash = c == '/' && wpc_model::check_entity_name("a/b", max).is_ok();
            slash || c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
        }
        Spelling::Host => c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'),
        Spelling::Did => c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%'),
        Spelling::Email => {
            c.is_ascii_graphic()
                && !matches!(c, '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '[' | '\\' | ']')
        }
        Spelling::Url => {
            c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}' | '#')
        }
        Spelling::Ip => c.is_ascii_hexdigit() || matches!(c, '.' | ':'),
        Spelling::Path => !c.is_control(),
        Spelling::Text => true,
    }
}
