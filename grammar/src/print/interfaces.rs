//! Interfaces: parts, fields, types.

use super::items::setting;
use super::layout::{Block, Item, Piece, Style};
use super::statements::per_clause;
use super::values::{key, last_byte, path, quantity, text, word};
use crate::Loc;
use crate::literal::is_place;
use crate::syntax::{
    Action, ConstraintShape, Field, Ident, Key, Part, PartKind, Template, Text, Ty, TyArgument, TyKind,
};

pub(super) fn part(part: &Part) -> Vec<Piece<'_>> {
    match &part.kind {
        PartKind::Scope(scope) => template("scope ", scope),
        PartKind::Resource(resource) => template("resource ", resource),
        PartKind::Record { name, fields } => {
            let block = Block { style: Style::FIELDS, items: members(fields), end: last_byte(part.loc) };
            vec![format!("record {} ", word(name)).into(), Piece::Block(block)]
        }
        PartKind::Class { name, duties } => {
            let duties = duties.iter().map(|duty| Item::new(duty.loc, setting(duty, |_| false)));
            vec![format!("class {}: ", word(name)).into(), Piece::Wrap(duties.collect())]
        }
        PartKind::Constraint { name, what } => {
            vec![format!("constraint {} = {}", word(name), constraint(what)).into()]
        }
        PartKind::Action(verb) => action(verb, part.loc),
    }
}

fn template<'t>(keyword: &'static str, template: &'t Template) -> Vec<Piece<'t>> {
    let fields = Block {
        style: Style::ARGUMENTS,
        items: members(&template.fields),
        end: template.template.loc.0.start,
    };
    vec![
        keyword.into(),
        Piece::Text(word(&template.name)),
        Piece::Block(fields),
        format!(" = {}", text(&template.template)).into(),
    ]
}

fn constraint(what: &ConstraintShape) -> String {
    match what {
        ConstraintShape::Limit { measure, per } => format!("limit {}{}", word(measure), per_clause(per)),
        ConstraintShape::Condition { subject, operator } => {
            format!("{} {} _", path(subject), operator.as_str())
        }
    }
}

fn action(action: &Action, loc: Loc) -> Vec<Piece<'_>> {
    let names = action.names.iter().map(action_name).collect();
    let mut pieces = vec!["action ".into(), Piece::Wrap(names)];
    if !action.kinds.is_empty() {
        let place =
            action.preposition.as_ref().map(|place| place.text.as_str()).filter(|place| is_place(place));
        pieces.push(format!(" {} ", place.unwrap_or("on")).into());
        let kinds = action.kinds.iter().map(|kind| Item::new(kind.loc, vec![Piece::Text(word(kind))]));
        pieces.push(Piece::Wrap(kinds.collect()));
    }
    pieces.extend(action.classes.iter().map(|class| Piece::from(format!(" class {}", word(class)))));
    let end = last_byte(loc);
    if !action.arguments.is_empty() {
        // The tree does not say where the arguments end; where the results begin is as good.
        let results = action.result.as_ref().and_then(|fields| fields.first());
        let end = results.map_or(end, |field| field.loc.0.start);
        pieces.push(" ".into());
        pieces.push(Piece::Block(Block { style: Style::LINES, items: members(&action.arguments), end }));
    }
    if let Some(result) = &action.result {
        pieces.push(" result ".into());
        pieces.push(Piece::Block(Block { style: Style::LINES, items: members(result), end }));
    }
    pieces
}

fn action_name((name, wire): &(Ident, Option<Text>)) -> Item<'_> {
    match wire {
        Some(wire) => {
            Item::new(Loc(name.loc.0.to(wire.loc.0)), vec![format!("{} = {}", word(name), text(wire)).into()])
        }
        None => Item::new(name.loc, vec![Piece::Text(word(name))]),
    }
}

fn members(fields: &[Field]) -> Vec<Item<'_>> {
    fields.iter().map(field).collect()
}

fn field(field: &Field) -> Item<'_> {
    let mut pieces = vec![format!("{}: ", word(&field.name)).into()];
    pieces.extend(ty(&field.ty));
    pieces.extend(field.marks.iter().map(|mark| Piece::from(format!(" {}", word(mark)))));
    Item { loc: field.loc, docs: &field.docs, pieces }
}

pub(super) fn ty(ty: &Ty) -> Vec<Piece<'_>> {
    let mut pieces = match &ty.kind {
        TyKind::Named { name, arguments } if arguments.is_empty() => vec![Piece::Text(word(name))],
        TyKind::Named { name, arguments } => {
            let mut pieces = vec![Piece::Text(word(name)), "<".into()];
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    pieces.push(", ".into());
                }
                match argument {
                    TyArgument::Ty(inner) => pieces.extend(self::ty(inner)),
                    TyArgument::Number(number) => pieces.push(quantity(number).into()),
                }
            }
            pieces.push(">".into());
            pieces
        }
        TyKind::Choice(keys) => {
            let items = keys.iter().map(choice).collect();
            let block = Block { style: Style::CHOICE, items, end: last_byte(ty.loc) };
            vec!["choice ".into(), Piece::Block(block)]
        }
    };
    if ty.optional {
        pieces.push("?".into());
    }
    pieces
}

fn choice(choice: &Key) -> Item<'_> {
    let loc = match choice {
        Key::Word(word) => word.loc,
        Key::Text(text) => text.loc,
    };
    Item::new(loc, vec![key(choice).into()])
}
