//! Who called is erased, and everything that was proven of the log holds.

use crate::city::City;
use crate::people::{ANN, BEN};
use crate::vocabulary::refusal;
use std::path::PathBuf;
use throughline::api::v1 as pb;
use throughline::audit::Decision;
use throughline::client::Error;
use throughline::server::peer::Role;
use tonic::Code;

const NAME: &str = "annika.solberg";
const AUDITOR: &str = "city-auditor.auditor";
const STEWARD: &str = "city-steward.steward";

impl City {
    /// A partner's person, who has asked twice; the receipt of the second time is kept.
    fn with_a_person(&self) {
        let issue = ["certs", "issue", "city-partnership.partner", "--person", NAME, "--dir", "certs"];
        assert!(self.program().args(issue).output().expect("it runs").status.success());
        for _ in 0..2 {
            let ask = ["query", "city", "chronic_absence", "--by", "race", "--year", "2025"];
            let receipt = ["--purpose", "improvement", "--receipt", "kept.tlog-proof"];
            let asked =
                self.run_as(&format!("city-partnership.partner.{NAME}"), &[&ask[..], &receipt].concat());
            assert_eq!(asked.code, Some(0), "{}", asked.errors);
        }
    }

    /// The lines of a list of the person's calls.
    fn calls(&self) -> Vec<serde_json::Value> {
        let listed = self.run_as(AUDITOR, &["audit", "list", "--by", NAME, "--json", "--limit", "0"]);
        assert_eq!(listed.code, Some(0), "{}", listed.errors);
        listed.out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    fn erase(&self, who: &str, person: &str) -> (Option<i32>, serde_json::Value, String) {
        let words = ["steward", "erase-person", "city-partnership", person, "--for-good", "--json"];
        let said = self.run_as(who, &words);
        (said.code, serde_json::from_str(&said.out).unwrap_or_default(), said.errors)
    }

    /// The files of the database that have the name.
    fn files_with_the_name(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.file("")).expect("the folder of the service");
        let files = files.map(|file| file.expect("readable").path()).filter(|file| file.is_file());
        let has_it = |file: &PathBuf| {
            let bytes = std::fs::read(file).expect("readable");
            bytes.windows(NAME.len()).any(|at| at == NAME.as_bytes())
        };
        files.filter(has_it).collect()
    }

    fn receipt_holds(&self) -> bool {
        let check = ["audit", "receipt", "kept.tlog-proof", "--log-key", "service/log.vkey"];
        self.program().args(check).output().expect("it runs").status.success()
    }
}

#[tokio::test]
async fn a_person_who_is_erased_is_in_no_file_and_every_proof_holds() {
    let city = City::published().await;
    city.with_a_person();
    let calls = city.calls();
    // Each question has two entries, and before it the caller is shown how the log goes on.
    assert!(calls.len() >= 4, "{calls:?}");
    for call in &calls {
        let committed = call["entry"]["principal"].as_str().expect("a commitment");
        assert!(committed.starts_with("sha256:") && call["entry"].get("certificate_serial").is_none());
        assert_eq!(call["opening"]["principal"], NAME);
    }
    let disclosures = |folder: &str| {
        let words = ["audit", "disclosures", folder, "--of", "northfield", "--log-key", "service/log.vkey"];
        let done = city.program().args(words).output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    };
    let before = city.export("before");
    assert!(disclosures("before").contains(&format!("city-partnership ({NAME})")));
    assert!(!city.files_with_the_name().is_empty(), "it is beside the log");
    city.backup("night.db");

    // It is not enough to say whom.
    let said = city.run_as(STEWARD, &["steward", "erase-person", "city-partnership", NAME]);
    assert_eq!((said.code, said.errors.contains("--for-good")), (Some(2), true));
    assert_eq!(city.calls().len(), calls.len());
    let (code, told, errors) = city.erase(STEWARD, NAME);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!((&told["entries"], &told["named"]), (&calls.len().into(), &0.into()));
    assert_eq!((&told["cleared"], &told["backups"][0]["name"]), (&true.into(), &"night.db".into()));

    assert_eq!(city.files_with_the_name(), [] as [PathBuf; 0]);
    assert_eq!(city.calls().len(), 0);
    assert!(city.receipt_holds() && city.verifies("before"));
    std::fs::remove_file(before.join("openings.jsonl")).expect("it can be deleted");
    assert!(city.verifies("before"), "without it, too");
    city.export("after");
    assert!(city.verifies("after"));
    let after = disclosures("after");
    assert!(after.contains("city-partnership (a person who is erased)") && !after.contains(NAME), "{after}");

    // That it was done, and by whom, is on record; whose name it was is not.
    let log = city.log();
    let erasures: Vec<_> = log.iter().filter(|entry| entry.rpc.as_str() == "ErasePerson").collect();
    assert_eq!(erasures.len(), 2);
    for erasure in erasures {
        let of = erasure.source.as_ref().map(ToString::to_string);
        assert_eq!((of.as_deref(), erasure.n_deleted), (Some("city-partnership"), Some(calls.len() as u64)));
    }
    // Once more, there is nothing left to erase.
    let (code, told, errors) = city.erase(STEWARD, NAME);
    assert_eq!((code, &told["entries"], &told["cleared"]), (Some(0), &0.into(), &true.into()), "{errors}");
}

#[tokio::test]
async fn a_name_that_somebody_puts_there_is_not_believed() {
    let city = City::published().await;
    city.with_a_person();
    city.export("true");
    city.tamper("UPDATE log_opening SET principal = 'somebody.else'");
    let message = "is opened to a name that it is not committed to";
    for words in [&["audit", "list", "--limit", "0"][..], &["audit", "export", "false"]] {
        let said = city.run_as(AUDITOR, words);
        assert_eq!((said.code, said.errors.contains(message)), (Some(2), true), "{words:?}: {}", said.errors);
    }
    // Nor where it is changed in an export.
    let file = city.folder().join("true/openings.jsonl");
    let text = std::fs::read_to_string(&file).expect("the export has it");
    std::fs::write(&file, text.replace(NAME, "somebody.else")).expect("written");
    assert!(!city.verifies("true"));
}

#[tokio::test]
async fn two_people_erase_where_two_people_make_changes() {
    let city = City::of_two_people().await;
    let (code, _, errors) = city.erase(ANN, NAME);
    assert_eq!(
        (code, errors.contains("once a second person makes the same call")),
        (Some(2), true),
        "{errors}"
    );
    // It is about somebody else.
    assert_eq!(city.erase(BEN, "someone").0, Some(2));
    let (code, told, errors) = city.erase(BEN, NAME);
    assert_eq!((code, &told["cleared"]), (Some(0), &true.into()), "{errors}");
}

#[tokio::test]
async fn what_names_nobody_or_could_be_guessed_is_refused() {
    let city = City::open().await;
    let session = city.session("city-steward", Role::Steward).await;
    let sound = pb::ErasePersonRequest {
        organization: "city-partnership".into(),
        person: NAME.into(),
        nonce: vec![7; 16],
    };
    for (request, field) in [
        (pb::ErasePersonRequest { organization: "No One".into(), ..sound.clone() }, "organization"),
        (pb::ErasePersonRequest { person: "sha256:abc".into(), ..sound.clone() }, "person"),
        (pb::ErasePersonRequest { nonce: vec![7; 15], ..sound.clone() }, "nonce"),
    ] {
        let is_guessable = request.nonce.len() < 16;
        let status = refusal(session.admin().erase_person(request).await.map_err(Error::from));
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert_eq!((status.code(), details.contains(field)), (Code::InvalidArgument, true), "{details}");
        let log = city.log();
        let last = log.last().expect("an entry");
        assert_eq!((last.decision, last.rule.as_str()), (Decision::Refused, "erasure.malformed"));
        assert_eq!(last.request_digest.is_none(), is_guessable, "names could be tried on it");
    }
}
