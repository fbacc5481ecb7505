//! The stable names of all problems.

use std::fmt;

use crate::Severity;

/// Writes the enum, its texts and its pages from one table.
macro_rules! codes {
    ($($variant:ident = $text:literal $severity:ident $title:literal,)*) => {
        /// A problem's stable name, `WPC0201`. Numbers are never reused.
        ///
        /// `00xx` reading and limits, `01xx` syntax, `02xx` names, `03xx` types, `040x` to `044x`
        /// rules (`0444` is a lint), `045x` to `047x` lints and notes, `049x` not implemented, `05xx` artifacts,
        /// `06xx` Rust bindings.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// `WPC0201`.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What is wrong, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The page that `wpc explain` prints, in Markdown.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("pages/", $text, ".md")),)* }
            }
        }
    };
}

codes! {
    TooLong = "WPC0001" Error "the source is too long",
    TooDeep = "WPC0002" Error "brackets are nested too deeply",
    HiddenCharacter = "WPC0003" Error "a control, bidirectional or invisible character",
    LookAlike = "WPC0004" Error "a character that looks like another one",
    TooMany = "WPC0005" Error "more of something than a policy may have",

    ForeignCharacter = "WPC0101" Error "a character that no policy uses",
    Unclosed = "WPC0102" Error "a bracket or quote that is never closed",
    Unopened = "WPC0103" Error "a closing bracket that was never opened",
    Escape = "WPC0104" Error "a `\\` that begins no escape",
    Number = "WPC0105" Error "a number that is not written as numbers are",
    Word = "WPC0106" Error "a misspelt word, or another language's",
    Operator = "WPC0107" Error "a misspelt operator, or another language's",
    Connective = "WPC0108" Error "`and`, `or` or `not` between conditions",
    Separator = "WPC0109" Error "a stray `;` or `,`, or a broken line",
    Doc = "WPC0110" Error "a `///` that documents nothing",
    Unexpected = "WPC0111" Error "something that cannot stand here",

    UnknownTool = "WPC0201" Error "an unknown tool",
    UnknownAction = "WPC0202" Error "an unknown action",
    UnknownKind = "WPC0203" Error "an unknown resource kind",
    UnknownArgument = "WPC0204" Error "an unknown argument",
    UnknownName = "WPC0205" Error "an unknown parameter or `let`",
    UnknownUnit = "WPC0206" Error "an unknown unit",
    UnknownSetting = "WPC0207" Error "an unknown setting",
    UnknownType = "WPC0208" Error "an unknown type",
    UnknownMark = "WPC0209" Error "an unknown class, duty or mark",
    UnknownPart = "WPC0210" Error "an unknown field or part",
    UnknownChoice = "WPC0211" Error "a word that is not one of the choices",
    UnknownParameter = "WPC0212" Error "a value for a parameter that the policy does not have",
    MissingParameter = "WPC0213" Error "a parameter without a value",
    RepeatedName = "WPC0214" Error "a name that is already taken",
    UnknownHole = "WPC0215" Error "a template's hole that names nothing",
    UnknownInterface = "WPC0216" Error "an interface that is not shipped",
    UnknownReason = "WPC0217" Error "an unknown decision or reason",
    UnknownScope = "WPC0218" Error "an unknown, missing or needless scope",
    UnusableFile = "WPC0219" Error "a file that cannot be used",
    FileCircle = "WPC0220" Error "a file that leads back to itself",
    UnknownRules = "WPC0221" Error "unknown rules",
    LockedInterface = "WPC0222" Error "an interface that is not the one that was locked",

    WrongType = "WPC0301" Error "a value of another type",
    WrongUnit = "WPC0302" Error "a missing or wrong unit",
    OutOfRange = "WPC0303" Error "a number that does not fit",
    UnfitCondition = "WPC0304" Error "a condition that does not fit the type",
    InvalidName = "WPC0305" Error "a name that nothing can have",
    InvalidAddress = "WPC0306" Error "not a host name or other address",
    InvalidDid = "WPC0307" Error "not a decentralised identifier",
    InvalidPattern = "WPC0308" Error "not a pattern",
    WrongCount = "WPC0309" Error "too many or too few values",
    EmptyList = "WPC0310" Error "an empty list",
    RecursiveRecord = "WPC0311" Error "a record inside itself",
    AmbiguousTemplate = "WPC0312" Error "a template that writes two resources alike",
    BrokenTemplate = "WPC0313" Error "a template that cannot be read",
    UnfitArgument = "WPC0314" Error "an argument, field or parameter that cannot have its type or marks",
    UnfitMeasure = "WPC0315" Error "a limit on what cannot be counted",
    InvalidTime = "WPC0316" Error "not a point in time",
    InvalidCidr = "WPC0317" Error "not a block of addresses",
    InvalidRegex = "WPC0318" Error "not a pattern that `matches` takes",
    InvalidTimeOfDay = "WPC0319" Error "not a time of day",
    MatchesNothing = "WPC0320" Error "a pattern that nothing can match",
    InvalidSchema = "WPC0321" Error "not a JSON Schema that `conforms to` takes",
    UnfitConstraint = "WPC0322" Error "a constraint of a form that has no name in artifacts",

    WrongPreposition = "WPC0401" Error "the wrong word before a resource",
    KindNotTaken = "WPC0402" Error "a resource kind that the action does not take",
    MissingResource = "WPC0403" Error "an action without its resource, or with one it does not take",
    AllowAny = "WPC0404" Error "an `allow` that names nothing",
    UnfixedArgument = "WPC0405" Error "an argument that every allow must fix",
    NotAlone = "WPC0406" Error "an action that must be the only one of its policy",
    NotApproved = "WPC0407" Error "an action that must be approved",
    LivesTooLong = "WPC0408" Error "a token that lives too long for an action",
    NeverApplies = "WPC0409" Error "a rule that can never apply",
    OptionalMeasure = "WPC0410" Error "a limit on what may be absent",
    ZeroLimit = "WPC0411" Error "a limit of nothing",
    RepeatedSetting = "WPC0412" Error "a repeated or contradictory setting",
    MissingSetting = "WPC0413" Error "a setting that must be there",
    PartlyRequired = "WPC0414" Error "a `require` that covers only part of an `allow`",
    RepeatedLabel = "WPC0415" Error "a label that is already taken, or labels nothing",
    SecondPolicy = "WPC0416" Error "a second policy in one file",
    NoPolicy = "WPC0417" Error "a file without a policy",
    OutsideTool = "WPC0418" Error "a rule outside a tool",
    EmptyTest = "WPC0419" Error "a test that tests nothing",
    UnreachableQuorum = "WPC0420" Error "a quorum that cannot be reached",
    UnfitCounter = "WPC0421" Error "a limit that counts by what tells no two calls apart",
    MissingWindow = "WPC0422" Error "a limit that does not say over what time it counts",
    UnfitOrder = "WPC0423" Error "a `separate` or `before` that nothing can meet",
    UnfitSame = "WPC0424" Error "two values that a `before` cannot compare",
    UnfitSource = "WPC0426" Error "a source that says nothing of where a value came from",
    InvalidJsonPath = "WPC0435" Error "a path into a request that cannot be followed",
    AllowInRules = "WPC0436" Error "an `allow` in `rules`",
    RepeatedRules = "WPC0437" Error "rules mixed in twice",
    RepeatedParent = "WPC0438" Error "a policy extended twice",
    ClashingParent = "WPC0439" Error "a tool that is another one where it is extended",
    SasNamespace = "WPC0444" Warning "a credential for a whole namespace",
    TestFailed = "WPC0445" Error "a test that failed",
    TestWithoutPolicy = "WPC0446" Error "a test that no policy decides",
    MisplacedStep = "WPC0447" Error "a setting of a test that speaks of nothing",
    StepOutOfTime = "WPC0448" Error "a step of a test before the one above it",

    BroadAllow = "WPC0450" Warning "an `allow` of a pattern or of a whole kind",
    MixedRoles = "WPC0451" Warning "one policy both sends and receives",
    NoLimit = "WPC0452" Warning "a sending action without a limit",
    NoPin = "WPC0453" Warning "a token that is not pinned to the policy",
    BearerToken = "WPC0454" Warning "a token that anyone may use who holds it",
    CoveredByDeny = "WPC0455" Warning "an `allow` that a `deny` takes back",
    UnusedName = "WPC0456" Warning "a name that nothing uses",
    NoAllow = "WPC0457" Warning "a policy that allows nothing",
    RequireOfNothing = "WPC0458" Warning "a `require` that joins no `allow`",
    SeveralEnvironments = "WPC0459" Warning "one tool in several places",
    Contradiction = "WPC0460" Warning "a rule whose conditions exclude each other",
    DeniedTogether = "WPC0461" Warning "an `allow` that several denies take back together",
    Redundant = "WPC0462" Warning "a rule that adds nothing to others",
    OverLimit = "WPC0463" Warning "an `allow` of what a limit never admits",
    UnreachedLimit = "WPC0464" Warning "a limit that another one always reaches first",
    IdleLimit = "WPC0465" Warning "a limit on what nothing allows",
    IdleApproval = "WPC0466" Warning "a required approval that is never asked for",
    ApprovalOfNothing = "WPC0470" Note "an approval of what nothing allows",
    AlikeKind = "WPC0471" Warning "an `allow` that may be another kind's, which is denied",

    SelfCheck = "WPC0500" Error "the compiler contradicts itself",
}

/// The lints and the names under which they can be denied.
const LINTS: &[(Code, &str)] = &[
    (Code::SasNamespace, "sas_namespace"),
    (Code::AlikeKind, "alike_kind"),
    (Code::BroadAllow, "broad_allow"),
    (Code::MixedRoles, "mixed_roles"),
    (Code::NoLimit, "no_limit"),
    (Code::NoPin, "no_pin"),
    (Code::BearerToken, "bearer_token"),
    (Code::CoveredByDeny, "covered_by_deny"),
    (Code::UnusedName, "unused_name"),
    (Code::NoAllow, "no_allow"),
    (Code::RequireOfNothing, "require_of_nothing"),
    (Code::SeveralEnvironments, "several_environments"),
    (Code::Contradiction, "contradiction"),
    (Code::DeniedTogether, "denied_together"),
    (Code::Redundant, "redundant"),
    (Code::OverLimit, "over_limit"),
    (Code::UnreachedLimit, "unreached_limit"),
    (Code::IdleLimit, "idle_limit"),
    (Code::IdleApproval, "idle_approval"),
];

impl Code {
    /// The code of a text such as `WPC0201`, in any letter case; `0201` and `201` will do.
    ///
    /// ```
    /// use wpc_compiler::Code;
    /// assert_eq!(Code::from_text("wpc0201"), Some(Code::UnknownTool));
    /// assert_eq!(Code::from_text("201"), Some(Code::UnknownTool));
    /// assert_eq!(Code::from_text("WPC9999"), None);
    /// ```
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let digits = upper.strip_prefix("WPC").unwrap_or(&upper);
        let wanted = format!("WPC{digits:0>4}");
        Self::ALL.iter().copied().find(|code| code.text() == wanted)
    }

    /// The name under which a lint can be denied, `no_pin`.
    #[must_use]
    pub fn lint(self) -> Option<&'static str> {
        LINTS.iter().find(|(code, _)| *code == self).map(|(_, name)| *name)
    }

    /// The lint of a name.
    #[must_use]
    pub fn from_lint(name: &str) -> Option<Self> {
        LINTS.iter().find(|(_, lint)| *lint == name).map(|(code, _)| *code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
