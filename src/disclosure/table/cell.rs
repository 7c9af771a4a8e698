//! A cell of a protected table, and what can be seen of it.

/// One cell.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Cell {
    /// School year, named by the year it ends in.
    #[prost(uint32, tag = "1")]
    pub period: u32,
    /// One category id for each dimension of the table; `all` is the margin. Where the rule pools hidden groups, their name
    /// in its place.
    #[prost(string, repeated, tag = "2")]
    pub categories: Vec<String>,
    /// What can be seen.
    #[prost(enumeration = "Mark", tag = "3")]
    pub mark: i32,
    /// People in the group; absent when hidden, and where the rule does not print it.
    #[prost(uint64, optional, tag = "4")]
    pub denominator: Option<u64>,
    /// People with the outcome; only for shares, absent when hidden or coded.
    #[prost(uint64, optional, tag = "5")]
    pub numerator: Option<u64>,
    /// The share, mean or ratio; absent when hidden or coded, and for counts.
    #[prost(double, optional, tag = "6")]
    pub value: Option<f64>,
    /// Standard deviation of scores; only for means.
    #[prost(double, optional, tag = "7")]
    pub deviation: Option<f64>,
    /// What is printed for the share under a rule that codes rates, in place of numerator and value; absent when hidden.
    #[prost(message, optional, boxed, tag = "8")]
    pub code: Option<Box<RateCode>>,
    /// Where it is hidden: what an earlier edition showed of it.
    #[prost(message, optional, boxed, tag = "9")]
    pub earlier: Option<Box<Earlier>>,
    /// Where noise was added: half the width of an interval around the value (for counts, the number of people) that holds
    /// the one without noise in 95 % of cases.
    #[prost(double, optional, tag = "10")]
    pub margin: Option<f64>,
}

/// A coded rate: a range of whole percents that the rate, rounded with halves up, lies in.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct RateCode {
    /// As the rule prints it: `<=5%`, `20-29%`, `GE95`.
    #[prost(string, tag = "1")]
    pub label: String,
    /// Smallest whole percent, 0 to 100.
    #[prost(uint64, tag = "2")]
    pub first: u64,
    /// Largest whole percent, 0 to 100.
    #[prost(uint64, tag = "3")]
    pub last: u64,
}

/// What an earlier edition showed of a cell.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Earlier {
    /// The edition whose records are counted.
    #[prost(uint32, tag = "1")]
    pub edition: u32,
    /// As [`Cell::denominator`].
    #[prost(uint64, optional, tag = "2")]
    pub denominator: Option<u64>,
    /// As [`Cell::numerator`].
    #[prost(uint64, optional, tag = "3")]
    pub numerator: Option<u64>,
    /// As [`Cell::value`].
    #[prost(double, optional, tag = "4")]
    pub value: Option<f64>,
    /// As [`Cell::deviation`].
    #[prost(double, optional, tag = "5")]
    pub deviation: Option<f64>,
    /// As [`Cell::code`].
    #[prost(message, optional, tag = "6")]
    pub code: Option<RateCode>,
}

/// What can be seen of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Mark {
    /// Never sent.
    Unspecified = 0,
    /// A value.
    Shown = 1,
    /// Hidden to protect someone; nothing says which rule hid it.
    Hidden = 2,
    /// Nobody in a large enough group has the outcome.
    Zero = 3,
    /// There is no one in the group.
    Empty = 4,
}
