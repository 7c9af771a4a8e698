use super::*;

fn code(text: &str) -> Code {
    Code::new(text).expect("a valid code")
}

fn refusal() -> Entry {
    let time = Timestamp::from_millis(1_800_000_000_000);
    Entry::new(time, code("r-1"), code("Query"), Decision::Refused, code("no-agreement"))
}

/// An entry in which every field is present and as long as it can be.
fn full() -> Entry {
    let longest = || Some(code(&"x".repeat(64)));
    Entry {
        agreement: longest(),
        agreement_version: Some(u32::MAX),
        backup: longest(),
        batch: longest(),
        cells_hidden: Some(u64::MAX),
        cells_shown: Some(u64::MAX),
        certificate_serial: longest(),
        edition: Some(u32::MAX),
        indicator: longest(),
        legal_basis: longest(),
        listed: Some(OrgId::new(&"o".repeat(64)).expect("a valid id")),
        listed_root: Some(Hash::of(b"listed")),
        listed_size: Some(u64::MAX),
        lost_root: Some(Hash::of(b"lost")),
        lost_size: Some(u64::MAX),
        n_changed: Some(u64::MAX),
        n_deleted: Some(u64::MAX),
        n_exceptions: Some(u64::MAX),
        n_new: Some(u64::MAX),
        n_records: Some(u64::MAX),
        n_refused: Some(u64::MAX),
        n_unchanged: Some(u64::MAX),
        organization: Some(OrgId::new(&"o".repeat(64)).expect("a valid id")),
        own_root: Some(Hash::of(b"own")),
        own_size: Some(u64::MAX),
        pair: longest(),
        principal: longest(),
        product: longest(),
        proof_digest: Some(Hash::of(b"proof")),
        purpose: longest(),
        query: Some(QueryText::new(&"q".repeat(1024)).expect("a valid query")),
        reason_code: longest(),
        request_digest: Some(Hash::of(b"request")),
        request_id: code(&"x".repeat(64)),
        response_digest: Some(Hash::of(b"response")),
        reviewed_size: Some(u64::MAX),
        role: longest(),
        rpc: code(&"x".repeat(64)),
        rule: code(&"x".repeat(64)),
        source: Some(OrgId::new(&"o".repeat(64)).expect("a valid id")),
        step: longest(),
        verdict: longest(),
        ..refusal()
    }
}

#[test]
fn the_bytes_are_canonical_json() {
    let text = r#"{"decision":"refused","request_id":"r-1","rpc":"Query","rule":"no-agreement","time":"2027-01-15T08:00:00.000Z","version":1}"#;
    assert_eq!(String::from_utf8(refusal().to_bytes()).as_deref(), Ok(text));
    assert_eq!(Entry::parse(text.as_bytes()), Ok(refusal()));
    let bytes = full().to_bytes();
    assert_eq!(Entry::parse(&bytes), Ok(full()));
    // serde_json's map sorts its keys, so it spells the same only when ours are sorted.
    let map: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes).expect("it is JSON");
    assert_eq!(map.len(), 45);
    assert_eq!(serde_json::to_vec(&map).ok(), Some(bytes));
}

#[test]
fn the_longest_entry_fits() {
    let length = full().to_bytes().len();
    assert!(length <= LENGTH_MAX, "{length}");
    assert_eq!(Entry::parse(&[b' '; LENGTH_MAX + 1]), Err(NotAnEntry::TooLong));
    assert_eq!(Entry::parse(&[b' '; LENGTH_MAX]), Err(NotAnEntry::Malformed));
}

#[test]
fn decisions_have_names() {
    let names = ["intended", "allowed", "refused"].map(|name| (Some(name), Decision::named(name)));
    assert_eq!(names, Decision::ALL.map(|decision| (Some(decision.name()), Some(decision))));
    assert_eq!(Decision::named("maybe"), None);
}

#[test]
fn other_spellings_and_fields_are_refused() {
    let text = String::from_utf8(refusal().to_bytes()).expect("it is UTF-8");
    let check = |from: &str, to: &str, expected: NotAnEntry| {
        assert!(text.contains(from), "{from}");
        assert_eq!(Entry::parse(text.replacen(from, to, 1).as_bytes()), Err(expected), "{to}");
    };
    use NotAnEntry::{Malformed, NotCanonical};
    check("\":", "\": ", NotCanonical);
    check("{", "{\"agreement\":null,", NotCanonical);
    check("Query", "\\u0051uery", NotCanonical);
    check(".000Z", "Z", NotCanonical);
    check(",\"version\":1}", "}", Malformed);
    check("\"version\":1", "\"version\":2", Malformed);
    check("\"version\":1", "\"version\":1.0", Malformed);
    check("}", ",\"zip\":\"90210\"}", Malformed);
    check("{", "{\"decision\":\"refused\",", Malformed);
    check("refused", "maybe", Malformed);
    check("r-1", "Ada Lovelace", Malformed);
    check("r-1", "", Malformed);
    check("2027-01-15", "2027-02-30", Malformed);
    check("{", "[", Malformed);
    let moved =
        text.replacen("\"decision\":\"refused\",", "", 1).replacen('}', ",\"decision\":\"refused\"}", 1);
    assert_eq!(Entry::parse(moved.as_bytes()), Err(NotCanonical));
    assert_eq!(Entry::parse(format!("{text}\n").as_bytes()), Err(NotCanonical));
    assert_eq!(Entry::parse(format!("{text}{text}").as_bytes()), Err(Malformed));
    assert_eq!(Entry::parse(b""), Err(Malformed));
}

#[test]
fn every_flipped_bit_is_another_entry_or_none() {
    let bytes = full().to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(Entry::parse(&changed), Ok(full()), "bit {bit}");
    }
}

#[test]
fn a_query_has_no_room_for_a_name_outside_ascii_or_a_quote() {
    assert!(QueryText::new("on-track,grade=9 by race/sex&zone:3").is_ok());
    for wrong in ["", "O'Brien", "Núñez", "a\"b", "a;b", "a(b)", "a\nb", &"x".repeat(1025)] {
        assert!(QueryText::new(wrong).is_err(), "{wrong}");
    }
}

/// A refused question, of which a filter can ask everything.
fn question() -> Entry {
    Entry {
        organization: OrgId::new("north").ok(),
        agreement: Some(code("a-1")),
        purpose: Some(code("research")),
        principal: Some(code("a.miller")),
        product: Some(code("city")),
        ..refusal()
    }
}

#[test]
fn what_meets_conditions_has_their_spellings_in_its_bytes() {
    let entry = question();
    let conditions = entry.conditions();
    assert!(conditions.matches(&entry) && !conditions.matches(&refusal()));
    let text = String::from_utf8(entry.to_bytes()).expect("it is UTF-8");
    let spellings = conditions.spellings();
    assert_eq!(spellings.len(), 8);
    for (place, spelling) in spellings.iter().enumerate() {
        assert!(text.contains(spelling) && !spellings[..place].contains(spelling), "{spelling}");
    }
    assert_eq!(Filter::default().spellings(), [""; 0]);
    let (logged, _) = entry.committed([7; 16]).expect("it names a person");
    assert_eq!(logged.conditions(), Filter { principal: None, ..conditions });
}

#[test]
fn a_filter_needs_every_condition() {
    let entry = question();
    let all = Filter {
        organization: entry.organization.clone(),
        agreement: entry.agreement.clone(),
        rpc: Some(code("Query")),
        decision: Some(Decision::Refused),
        purpose: entry.purpose.clone(),
        principal: entry.principal.clone(),
        product: entry.product.clone(),
        rule: Some(entry.rule.clone()),
        since: Some(entry.time),
        until: Some(Timestamp::from_millis(entry.time.millis() + 1)),
    };
    assert!(all.matches(&entry));
    assert!(Filter::default().matches(&entry) && Filter::default().matches(&refusal()));
    let none = [
        Filter { organization: OrgId::new("south").ok(), ..all.clone() },
        Filter { agreement: Some(code("a-2")), ..all.clone() },
        Filter { rpc: Some(code("Push")), ..all.clone() },
        Filter { decision: Some(Decision::Allowed), ..all.clone() },
        Filter { purpose: Some(code("audit")), ..all.clone() },
        Filter { principal: Some(code("b.ito")), ..all.clone() },
        Filter { product: Some(code("county")), ..all.clone() },
        Filter { rule: Some(code("other")), ..all.clone() },
        Filter { since: all.until, ..all.clone() },
        Filter { until: Some(entry.time), ..all.clone() },
    ];
    for filter in none {
        assert!(!filter.matches(&entry), "{filter:?}");
    }
    let by_organization = Filter { organization: entry.organization, ..Filter::default() };
    assert!(!by_organization.matches(&refusal()));
}
