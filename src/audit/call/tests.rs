//! What an entry says of each kind of call, as the JSON that is hashed.

use super::*;
use crate::agreements::{Agreement, Offer, Question};
use crate::calendar::SchoolYear;
use crate::disclosure::Cell;
use crate::disclosure::testing::Wire;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const AGREEMENT: &str = r#"
agreement = "city-outcomes"
version = 2
title = "City outcomes"
basis = "audit_or_evaluation"
purposes = ["public_reporting"]
begins = "2024-07-01"
expires = "2026-06-30"
destruction = "2027-06-30"
profile = "nces-10"
cell_min = 10
parties = { sources = ["northfield"], partners = ["city-partnership"] }
permits = { products = ["city"], indicators = ["chronic_absence"], dimensions = ["geography", "race"], years = { from = 2021, to = 2025 } }
"#;

fn org(id: &str) -> OrgId {
    OrgId::new(id).expect("an id")
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

fn call() -> Call {
    Call {
        time: at(),
        request_id: "r-1".into(),
        organization: Some(org("northfield")),
        role: Some("contributor"),
        principal: Code::new("a.miller").ok(),
        certificate_serial: Some("0a1b".into()),
        rpc: "Call",
        request_digest: Some(Hash::of(b"request")),
        agreement: None,
    }
}

/// An entry has these fields, and more, and no others.
fn check(entry: &Entry, mut fields: Value, mut more: Value) {
    let found: Value = serde_json::from_slice(&entry.to_bytes()).expect("it is JSON");
    let more = more.as_object_mut().expect("fields and their values");
    fields.as_object_mut().expect("fields and their values").append(more);
    assert_eq!(found, fields);
}

/// An entry of [`call`] has what that says, and these fields.
fn check_called(entry: &Entry, more: Value) {
    let caller = json!({
        "time": "2027-01-15T08:00:00.000Z", "version": 1, "request_id": "r-1", "rpc": "Call",
        "request_digest": Hash::of(b"request"), "organization": "northfield", "role": "contributor",
        "principal": "a.miller", "certificate_serial": "0a1b", "decision": "allowed", "rule": "registered",
    });
    check(entry, caller, more);
}

#[test]
fn a_call_without_a_certificate_still_makes_an_entry() {
    let call = Call {
        organization: None,
        role: None,
        principal: None,
        certificate_serial: None,
        request_digest: None,
        ..call()
    };
    let entry = call.refused("peer.certificate");
    assert_eq!(Entry::parse(&entry.to_bytes()), Ok(entry.clone()));
    let nobody =
        json!({ "time": "2027-01-15T08:00:00.000Z", "version": 1, "request_id": "r-1", "rpc": "Call" });
    check(&entry, nobody, json!({ "decision": "refused", "rule": "peer.certificate" }));
}

#[test]
fn an_entry_says_who_called_what_was_decided_and_what_was_answered() {
    let digest = Hash::of(b"answer");
    check_called(&call().allowed(None), json!({}));
    check_called(&call().allowed(Some(digest)), json!({ "response_digest": digest }));
    let later = call().again(Timestamp::from_millis(at().millis() + 1)).allowed(None);
    check_called(&later, json!({ "time": "2027-01-15T08:00:00.001Z" }));
    let of_no_code = Call { request_id: "two words".into(), ..call() };
    check_called(&of_no_code.allowed(None), json!({ "request_id": "unnamed" }));
    let mut why = json!({ "decision": "refused", "rule": "agreement.purpose" });
    check_called(&call().refused("agreement.purpose"), why.clone());
    (why["agreement"], why["agreement_version"]) = (json!("city-outcomes"), json!(3));
    let known = Call { agreement: Some(("city-outcomes".into(), 3)), ..call() };
    check_called(&known.refused("agreement.purpose"), why);
    let mut begun = json!({ "decision": "intended", "rule": "call.intended" });
    check_called(&call().intended(None, None), begun.clone());
    (begun["agreement"], begun["agreement_version"]) = (json!("a-1"), json!(4));
    begun["purpose"] = json!("research");
    check_called(&call().intended(Some(("a-1", 4)), Some("research")), begun);
}

#[test]
fn a_delivery_is_on_record_with_its_agreement_and_counts() {
    let agreement = Agreement::parse(AGREEMENT).expect("it is valid");
    let today = "2025-01-01".parse().expect("a day");
    let permit = agreement.permit_intake(call().by(&org("northfield")), today).expect("it is a source");
    let check = |entry: &Entry, mut more: Value| {
        (more["rule"], more["legal_basis"]) = (json!("agreement.covered"), json!("audit_or_evaluation"));
        (more["agreement"], more["agreement_version"]) = (json!("city-outcomes"), json!(2));
        more["batch"] = json!("b-1");
        check_called(entry, more);
    };
    check(&call().opened(&permit, "b-1"), json!({}));
    let counts = Counts { n_new: 1, n_changed: 2, n_unchanged: 4, n_deleted: 8, n_refused: 16 };
    let mut taken = json!({
        "n_records": 31, "n_new": 1, "n_changed": 2, "n_unchanged": 4, "n_deleted": 8, "n_refused": 16,
    });
    check(&call().ingested(&permit, "b-1", counts), taken.clone());
    taken["step"] = json!("dry_run");
    check(&call().rehearsed(&permit, "b-1", counts), taken);
    let compared = json!({ "step": "compare", "n_records": 70, "n_deleted": 3 });
    check(&call().compared(&permit, "b-1", 70, 3), compared);
    let ended = json!({ "step": "end", "n_records": 3, "n_deleted": 3 });
    check(&call().ended(&permit, "b-1", 3), ended);
}

#[test]
fn a_released_table_is_on_record_with_its_question_and_what_it_hides() {
    let agreement = Agreement::parse(AGREEMENT).expect("it is valid");
    let year = SchoolYear::new(2022).expect("a school year");
    let cells =
        [Mark::Shown, Mark::Hidden, Mark::Zero].map(|mark| Cell { mark: mark.into(), ..Cell::default() });
    let (product, indicator) = ("city".to_owned(), "chronic_absence".to_owned());
    let (of, about) = (product.clone(), indicator.clone());
    let table =
        Wire { product: of, edition: 5, indicator: about, cells: cells.into(), ..Wire::default() }.table();
    let released = |dimensions: &[&str], filters: &[(&str, &str)]| {
        let filters = filters.iter().map(|(dimension, at)| ((*dimension).into(), (*at).into())).collect();
        let dimensions = dimensions.iter().map(|name| (*name).into()).collect();
        let slice = Slice {
            product: product.clone(),
            indicator: indicator.clone(),
            dimensions,
            filters,
            periods: vec![],
        };
        let question = Question {
            agreement: "city-outcomes".into(),
            purpose: "public_reporting".into(),
            slice,
            edition: None,
        };
        let (sources, periods) = (BTreeSet::from([org("northfield")]), [year]);
        let offer = Offer {
            sources: &sources,
            cell_min: 10,
            profile: None,
            has_schools: false,
            is_reviewed: true,
            periods: &periods,
        };
        let today = "2025-01-01".parse().expect("a day");
        let partner = org("city-partnership");
        let permit = agreement.permit(call().by(&partner), &question, offer, today).expect("it is covered");
        call().released(&permit, &table)
    };
    let on_record = |query: &str| {
        json!({
            "rule": "agreement.covered", "agreement": "city-outcomes", "agreement_version": 2,
            "legal_basis": "audit_or_evaluation", "purpose": "public_reporting", "product": "city", "edition": 5,
            "indicator": "chronic_absence", "query": query, "cells_shown": 2, "cells_hidden": 1,
            "response_digest": Hash::new(table.digest()),
        })
    };
    check_called(&released(&[], &[]), on_record("in 2022"));
    let all = released(&["race", "geography"], &[("geography", "northfield")]);
    check_called(&all, on_record("by race,geography where geography=northfield in 2022"));
}

#[test]
fn what_stewards_and_auditors_do_is_on_record() {
    let digest = Hash::of(b"answer");
    let published =
        json!({ "edition": 5, "response_digest": Hash::new([1; 32]), "proof_digest": Hash::new([2; 32]) });
    check_called(&call().published(5, [1; 32], [2; 32]), published);
    let decided = json!({ "pair": "p-1", "verdict": "same", "response_digest": digest });
    check_called(&call().decided("p-1", "same", digest), decided);
    let rekeyed = json!({ "step": "begin", "linkage_key": "k-2", "response_digest": digest });
    check_called(&call().rekeyed("begin", "k-2", digest), rekeyed);
    let signed_off = json!({ "reviewed_size": 90, "n_exceptions": 4, "response_digest": digest });
    check_called(&call().signed_off(90, 4, digest), signed_off);
    let scope = Scope::Source(org("eastbrook"));
    let destroyed =
        json!({ "source": "eastbrook", "step": "preview", "n_deleted": 7, "response_digest": digest });
    check_called(&call().destroys(&scope, "preview", 7, Some(digest)), destroyed);
}

#[test]
fn what_happens_by_itself_is_on_record() {
    let check = |entry: &Entry, id: &str, rpc: &str, rule: &str, more: Value| {
        let mut fields = json!({ "time": "2027-01-15T08:00:00.000Z", "version": 1, "decision": "allowed" });
        fields["request_id"] = json!(id);
        (fields["rpc"], fields["rule"]) = (json!(rpc), json!(rule));
        check(entry, fields, more);
    };
    let lost = Head { size: 9, root: Hash::of(b"lost") };
    let entry = Entry::recovered(at(), lost);
    check(&entry, "recovery", "Recover", "log.recovered", json!({ "lost_size": 9, "lost_root": lost.root }));
    let entry = Entry::destroys(at(), &Scope::Source(org("eastbrook")), "erase", Some(7));
    let erased = json!({ "source": "eastbrook", "step": "erase", "n_deleted": 7 });
    check(&entry, "by-itself", "Destroy", "source.withdrawn", erased);
    let agreement = Scope::Agreement(Code::new("a-1").expect("a code"));
    let erased = json!({ "agreement": "a-1", "step": "erase", "n_deleted": 7 });
    let entry = Entry::destroys(at(), &agreement, "erase", Some(7));
    check(&entry, "by-itself", "Destroy", "agreement.destruction", erased);
    let certified = json!({ "agreement": "a-1", "step": "certify" });
    let entry = Entry::destroys(at(), &agreement, "certify", None);
    check(&entry, "by-itself", "Destroy", "agreement.destruction", certified);
    check(&Entry::backed_up(at(), "b.db"), "backup", "Backup", "operator", json!({ "backup": "b.db" }));
    let entry = Entry::restored(at(), "destroyed");
    check(&entry, "restore", "Restore", "operator", json!({ "step": "destroyed" }));
    let note = Hash::of(b"note");
    check(
        &Entry::key_change(at(), note),
        "log-key",
        "ChangeLogKey",
        "operator",
        json!({ "response_digest": note }),
    );
    let unknown = json!({ "decision": "refused", "reason_code": "EXPIRED" });
    check(&Entry::handshake_refused(at(), "EXPIRED"), "handshake", "Handshake", "peer.handshake", unknown);
}
