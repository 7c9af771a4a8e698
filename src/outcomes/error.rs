//! What can go wrong between facts and counts.

/// Why an edition, a product or a tabulation could not be made. Nothing in it is about a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An id that every dimension keeps for itself.
    #[error("a source may not be called `all` or `unknown`")]
    ReservedSource,
    /// One person number was added twice.
    #[error("a person was added twice")]
    DuplicatePerson,
    /// A calendar, or what services tell of others, came in after the persons whose days it tells.
    #[error("a day of a school's calendar, or somebody's services, were noted after a person")]
    Late,
    /// More of something than its column can hold.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// Stored columns that do not make an edition.
    #[error("the stored edition is damaged: {0}")]
    Damaged(&'static str),
    /// A product document with problems, all of them.
    #[error("the product is not valid: {}", list(.0))]
    Product(Vec<Problem>),
    /// Two of the products are one product in one version.
    #[error("a product is given twice")]
    DuplicateProduct,
    /// Products of one unit and period of which some round and some hide.
    #[error(
        "products counted together do not round numbers and hide others: one narrows what the other protects"
    )]
    MixedModes,
    /// Products of one unit and period that round in different forms.
    #[error(
        "products that round the same students have the same dimensions and rule, now and in earlier editions: a second \
         rounding would narrow the first"
    )]
    MixedRounding,
    /// Products of one unit and period that stop at different geography levels.
    #[error("products counted together stop at different geography levels")]
    MixedGeography,
    /// Products of one unit and period that mean different things by one dimension.
    #[error("dimension {0} is another one in a product counted together with this; give it an id of its own")]
    MixedDimension(String),
    /// Indicators, by their names in products, that count the same people in numbers of which neither protects the other.
    /// Products are refused for it when they are loaded, and never when they are counted.
    #[error(
        "{0} and {1} count the same people with the same settings, apart from each other, now or in an earlier edition: one of them is enough"
    )]
    SamePeople(String, String),
    /// All dimensions of all products together do not fit into a 128-bit key.
    #[error("too many dimensions to count together")]
    TooFine,
    /// A member of a population without a value: a defect of the indicator's rule.
    #[error("indicator {0} has no value for a member of its population")]
    Undefined(String),
}

/// What is wrong with one place of a product document. It never quotes what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, for example `dimensions[2].source`.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.path, p.reason)).collect();
    lines.join("; ")
}
