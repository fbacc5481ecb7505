//! The text of a Work Policy Contract: bounds, parser, spanned tree, canonical printer.
//!
//! ```text
//! Source ──length──▶ scan ──pieces──▶ pest ──build──▶ syntax::File ──print──▶ text
//!            │         │                │                  ▲                   │
//!            └─────────┴── SyntaxError ─┘                  └───────parse───────┘
//! ```
//!
//! ```
//! use wpc_grammar::{Source, parse, print};
//!
//! let file = parse(&Source::new("orders.wpc", "policy orders { deny any }"))?;
//! assert_eq!(print(&file), "policy orders {\n    deny any\n}\n");
//!
//! let wrong = parse(&Source::new("orders.wpc", "policy orders { permt send }")).unwrap_err();
//! assert_eq!(wrong.message, "found `permt`, expected a statement or `}`");
//! assert_eq!(wrong.help.as_deref(), Some("did you mean `allow`?"));
//! # Ok::<(), wpc_grammar::SyntaxError>(())
//! ```
//!
//! * Knows no types, tools, units or Rust: `allow fly to moon("x") when { cheese == 3 KB }` is as
//!   good as any other policy here.
//! * Reads no files and depends on nothing but pest. `wpc.pest` is the only grammar, and no type
//!   of pest is public.
//! * Whatever the input, the answer is a tree or one [`SyntaxError`]: length and nesting are
//!   bounded before pest runs, in one pass, and no input makes it panic.
//! * Time and memory grow with the text and not faster: pest sees one statement at a time.
//! * `parse(print(tree)) == tree`, `print` is idempotent, and comments survive it.

mod error;
mod foreign;
mod limits;
mod literal;
mod nearest;
mod parser;
mod print;
mod scan;
mod source;
pub mod syntax;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use limits::{MAX_MEMBERS, MAX_NESTING, MAX_SOURCE_BYTES};
pub use parser::parse;
pub use print::print;
pub use source::{Loc, Source, Span};
