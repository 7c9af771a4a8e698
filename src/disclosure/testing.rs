//! Tables for the tests of others. Only a seal makes them; here they are decoded from messages with the same fields.

use super::{Cell, ProtectedTable};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Wire {
    #[prost(string, tag = "1")]
    pub(crate) product: String,
    #[prost(uint32, tag = "3")]
    pub(crate) edition: u32,
    #[prost(string, tag = "4")]
    pub(crate) indicator: String,
    #[prost(string, repeated, tag = "5")]
    pub(crate) dimensions: Vec<String>,
    #[prost(message, repeated, tag = "7")]
    pub(crate) cells: Vec<Cell>,
    #[prost(uint64, tag = "9")]
    pub(crate) cell_min: u64,
    #[prost(string, tag = "11")]
    pub(crate) measure: String,
    #[prost(uint64, tag = "14")]
    pub(crate) rounded_to: u64,
}

impl Wire {
    /// The table with these fields.
    pub(crate) fn table(&self) -> ProtectedTable {
        ProtectedTable::decode(self.encode_to_vec().as_slice()).expect("it has the fields of a table")
    }
}
