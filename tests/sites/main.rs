//! Collaborations from end to end: each site's sources send invented files of its shape, its partner asks what that
//! collaboration asks, and every figure is counted again from the rows by plain loops.

#[path = "../acceptance/harness.rs"]
#[expect(dead_code, reason = "these tests need no data from beside the checkout, and link nothing by hand")]
mod harness;
mod makings;
mod support;

mod alignment_nashville;
mod all_hands_raised;
mod milwaukee_succeeds;
mod northside;
mod oakland;
mod providence;
mod savannah;
mod say_yes_buffalo;
