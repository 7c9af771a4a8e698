//! Filters of a listing of the access log.

use super::v1 as pb;
use crate::audit::{Decision, Filter};
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId, Violation};

/// The filter that a request for a listing spells.
///
/// # Errors
///
/// The fields that are none.
pub fn filter(wire: &pb::ListEntriesRequest) -> Result<Filter, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut time = |field: &str, text: &str| {
        let time = Timestamp::parse(text);
        if time.is_none() && !text.is_empty() {
            violations.push(Violation::new(
                field,
                "not_a_time",
                "is neither a date nor an RFC 3339 time in UTC",
            ));
        }
        time
    };
    let (since, until) = (time("since", &wire.since), time("until", &wire.until));
    let mut wrong =
        |field: &str| violations.push(Violation::new(field, "outside_vocabulary", "is not one there can be"));
    let mut code = |field: &str, text: &str| {
        let code = Code::new(text).ok();
        if code.is_none() && !text.is_empty() {
            wrong(field);
        }
        code
    };
    let (agreement, rpc) = (code("agreement", &wire.agreement), code("rpc", &wire.rpc));
    let (purpose, principal) = (code("purpose", &wire.purpose), code("principal", &wire.principal));
    let (product, rule) = (code("product", &wire.product), code("rule", &wire.rule));
    let organization = OrgId::new(&wire.organization).ok();
    if organization.is_none() && !wire.organization.is_empty() {
        wrong("organization");
    }
    let decision = Decision::named(&wire.decision);
    if decision.is_none() && !wire.decision.is_empty() {
        wrong("decision");
    }
    let filter =
        Filter { organization, agreement, rpc, decision, purpose, principal, product, rule, since, until };
    if violations.is_empty() { Ok(filter) } else { Err(violations) }
}
