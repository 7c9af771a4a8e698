//! A year of work of collaborations the service was written for, each through the command line: invented children,
//! shaped to the site, go in, and what comes out is compared with counts that plain loops made.

#[path = "../acceptance/harness.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod harness;
mod makings;

mod northside;
mod oakland;
mod providence;
mod savannah;
