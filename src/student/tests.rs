//! What is told of a student, by what is held, what editions have noted, and what the log has.

use super::*;
use crate::audit::SignerKey;
use crate::audit::testing::pkcs8;
use crate::records::{Consent, Demographics, OptOut};
use crate::store::{Error, Organization, Store, StudentRecord, Tx, testing};

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn until(text: &str) -> Option<Date> {
    (!text.is_empty()).then(|| day(text))
}

#[test]
fn the_state_of_a_student_follows_from_the_records_that_stand() {
    let person = || Fact::Person(Demographics::default());
    let opt_out = |last: &str| Fact::OptOut(OptOut { from: day("2026-09-01"), until: until(last) });
    let consent = |last: &str| Fact::Consent(Consent { from: day("2026-09-01"), until: until(last) });
    // Facts, records that were withdrawn, whether a roster has brought the student and whether consent is needed.
    let check = |facts: Vec<Fact>, n_withdrawn, is_on_roster, is_opt_in, expected| {
        let record = |fact| StudentRecord { fact, agreements: Vec::new() };
        let records = StudentRecords { standing: facts.into_iter().map(record).collect(), n_withdrawn };
        assert_eq!(state(&records, is_on_roster, is_opt_in, day("2026-11-28")), expected);
    };
    check(vec![], 0, false, false, State::Unknown);
    check(vec![], 0, false, true, State::Unknown);
    check(vec![], 1, false, false, State::Withdrawn);
    check(vec![], 0, true, false, State::Withdrawn);
    check(vec![person()], 3, false, false, State::Waiting);
    check(vec![person()], 0, true, false, State::Counted);
    check(vec![person()], 0, true, true, State::WithoutConsent);
    check(vec![person(), consent("2026-11-27")], 0, true, true, State::WithoutConsent);
    check(vec![person(), consent("2026-11-28")], 0, true, true, State::Counted);
    check(vec![person(), opt_out("2026-11-27")], 0, true, false, State::Counted);
    let last = Some(day("2026-11-28"));
    check(vec![person(), opt_out("2026-11-28")], 0, true, false, State::OptedOut(last));
    check(vec![person(), opt_out(""), opt_out("2026-11-28")], 0, true, false, State::OptedOut(None));
    check(vec![person(), opt_out(""), consent("")], 0, true, true, State::OptedOut(None));
    check(vec![opt_out("")], 0, false, false, State::OptedOut(None));
}

fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

/// A store with a source, two editions of which the second has noted that it counted the student, and as many answers of each
/// edition in turn.
async fn store(folder: &std::path::Path, n_answers: u32) -> Store {
    let store = testing::open(folder);
    let steps = move |tx: &mut Tx<'_>| {
        let id = OrgId::new("one").expect("an id");
        let roles = ["contributor".to_owned()].into();
        tx.put_organization(&Organization { id: id.clone(), name: "One".into(), roles, active: true })?;
        assert_eq!(tx.source_number(&id)?, 1);
        for (number, students) in [(1, "0"), (2, "1")] {
            testing::run(
                tx,
                &format!(
                    "INSERT INTO edition (number, title, frozen_ms, digest, persons, student_years, opted_out, sources,
                         metadata, students)
                     VALUES ({number}, '', {number}, zeroblob(32), 0, 0, 0, 'one', '{{}}', {students})"
                ),
            )?;
        }
        testing::run(tx, "INSERT INTO counted (source, student, first) VALUES (1, zeroblob(16), 2)")?;
        for n in 0..n_answers {
            for edition in [1, 2] {
                let (time, id) = (Timestamp::from_millis(n.into()), code(&format!("r-{edition}-{n}")));
                let entry = Entry::new(time, id, code("Query"), Decision::Allowed, code("agreement.covered"));
                tx.log_unproven(&Entry { edition: Some(edition), ..entry })?;
            }
            let entry = |rpc: &str, decision| {
                Entry::new(Timestamp::from_millis(n.into()), code("r"), code(rpc), decision, code("rule"))
            };
            tx.log_unproven(&Entry { edition: Some(2), ..entry("Query", Decision::Refused) })?;
            tx.log_unproven(&Entry { edition: Some(2), ..entry("Publish", Decision::Allowed) })?;
        }
        Ok::<_, Error>(())
    };
    store.transaction("test", steps).await.expect("a commit");
    store
}

fn ask(store: &Store, source: &str, student: u8, from_index: u64) -> Told {
    let key = SignerKey::from_pkcs8("test/log", &pkcs8([7; 32])).expect("a key").verifier().clone();
    let source = OrgId::new(source).expect("an id");
    let asked = Asked { source, student: Token::from_bytes([student; 16]), from_index };
    let told =
        store.read_blocking(|snapshot| look(snapshot, std::slice::from_ref(&key), &asked, day("2026-11-28")));
    let told: Result<_, Error> = told;
    let told = told.expect("it is read");
    for receipt in &told.answers {
        receipt.verify(&key, None, None).expect("each answer is proven");
    }
    told
}

#[tokio::test]
async fn answers_of_the_editions_that_counted_a_student_come_page_by_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let n_answers = 2 * PAGE as u32 + 17;
    let store = store(folder.path(), n_answers).await;
    let (mut from, mut pages, mut asked) = (0, Vec::new(), Vec::new());
    loop {
        let told = ask(&store, "one", 0, from);
        assert_eq!(told.held.is_some(), from == 0, "what is held is on the first page");
        let editions: Vec<_> = told.editions.iter().map(|of| (of.number, of.is_known)).collect();
        assert_eq!(editions, [(2, true)]);
        pages.push(told.answers.len());
        let entries = told.answers.iter().map(|receipt| Entry::parse(receipt.entry()).expect("an entry"));
        asked.extend(entries.map(|entry| entry.request_id));
        from = told.next_index;
        if from == 0 {
            break;
        }
    }
    assert_eq!(pages, [PAGE, PAGE, 17]);
    let expected: Vec<_> = (0..n_answers).map(|n| code(&format!("r-2-{n}"))).collect();
    assert_eq!(asked, expected, "all of them, once, and no other entries");
}

#[tokio::test]
async fn of_whom_nothing_is_known_nothing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), 3).await;
    for (source, student) in [("one", 7), ("two", 0)] {
        let held = Some((State::Unknown, Standing::new()));
        let nothing =
            Told { held, editions: Vec::new(), destroyed: Vec::new(), answers: Vec::new(), next_index: 0 };
        assert_eq!(ask(&store, source, student, 0), nothing);
    }
}
