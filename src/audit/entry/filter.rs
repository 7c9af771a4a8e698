//! Which entries a listing shows.

use super::{Decision, Entry};
use crate::calendar::Timestamp;
use crate::records::{Code, OrgId};

/// Conditions on an entry; all that are set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who called.
    pub organization: Option<OrgId>,
    /// Agreement the call was made under.
    pub agreement: Option<Code>,
    /// What was called.
    pub rpc: Option<Code>,
    /// What was decided.
    pub decision: Option<Decision>,
    /// Purpose that the caller stated.
    pub purpose: Option<Code>,
    /// Who of the organization called.
    pub principal: Option<Code>,
    /// Data product that was asked.
    pub product: Option<Code>,
    /// Rule that decided.
    pub rule: Option<Code>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl Filter {
    /// Whether an entry meets every condition. An absent field meets none.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        self.organization.as_ref().is_none_or(|wanted| entry.organization.as_ref() == Some(wanted))
            && self.agreement.as_ref().is_none_or(|wanted| entry.agreement.as_ref() == Some(wanted))
            && self.rpc.as_ref().is_none_or(|wanted| entry.rpc == *wanted)
            && self.decision.is_none_or(|wanted| entry.decision == wanted)
            && self.purpose.as_ref().is_none_or(|wanted| entry.purpose.as_ref() == Some(wanted))
            && self.principal.as_ref().is_none_or(|wanted| entry.principal.as_ref() == Some(wanted))
            && self.product.as_ref().is_none_or(|wanted| entry.product.as_ref() == Some(wanted))
            && self.rule.as_ref().is_none_or(|wanted| entry.rule == *wanted)
            && self.since.is_none_or(|since| since <= entry.time)
            && self.until.is_none_or(|until| entry.time < until)
    }

    /// What stands in the bytes of every entry that meets the conditions, but for those on its time: each field as it is
    /// spelled there.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let code = |field: &str, code: Option<&Code>| code.map(|code| format!("\"{field}\":\"{code}\""));
        let fields = [
            self.organization.as_ref().map(|id| format!("\"organization\":\"{id}\"")),
            code("agreement", self.agreement.as_ref()),
            code("rpc", self.rpc.as_ref()),
            self.decision.map(|decision| format!("\"decision\":\"{}\"", decision.name())),
            code("purpose", self.purpose.as_ref()),
            code("principal", self.principal.as_ref()),
            code("product", self.product.as_ref()),
            code("rule", self.rule.as_ref()),
        ];
        fields.into_iter().flatten().collect()
    }
}

impl Entry {
    /// The filter with every condition that this entry meets, but for those on its time.
    #[must_use]
    pub fn conditions(&self) -> Filter {
        Filter {
            organization: self.organization.clone(),
            agreement: self.agreement.clone(),
            rpc: Some(self.rpc.clone()),
            decision: Some(self.decision),
            purpose: self.purpose.clone(),
            // A commitment is of no other entry: nobody asks for it.
            principal: self.principal.clone().filter(|_| !self.is_committed()),
            product: self.product.clone(),
            rule: Some(self.rule.clone()),
            since: None,
            until: None,
        }
    }
}
