//! Changes that two people have to make.

use crate::city::City;
use crate::papers::AGREEMENT;
use crate::sources::Said;
use throughline::audit::Decision;

const STEWARD: &str = "city-steward.steward";
pub(crate) const ANN: &str = "city-steward.steward.ann";
pub(crate) const BEN: &str = "city-steward.steward.ben";

impl City {
    /// Where two people have to make changes, with two stewards by name.
    pub(crate) async fn of_two_people() -> Self {
        let mut city = Self::open().await;
        for person in ["ann", "ben"] {
            let issue = ["certs", "issue", STEWARD, "--person", person, "--dir", "certs"];
            assert!(city.program().args(issue).output().expect("it runs").status.success());
        }
        city.kill();
        let config = city.file("throughline.toml");
        let text = std::fs::read_to_string(&config).expect("init wrote it");
        std::fs::write(&config, format!("two_people = true\n{text}")).expect("written");
        city.restart();
        city
    }

    fn versions(&self) -> Vec<i64> {
        self.rows("SELECT version FROM agreement ORDER BY version", |row| row.get(0))
    }

    /// The rule of the last entry of a call.
    fn last_rule(&self, rpc: &str) -> (Decision, String) {
        let log = self.log();
        let entry = log.iter().rfind(|entry| entry.rpc.as_str() == rpc).expect("an entry");
        (entry.decision, entry.rule.to_string())
    }
}

#[tokio::test]
async fn an_agreement_holds_once_a_second_person_has_loaded_the_same() {
    let city = City::of_two_people().await;
    let document = |version: u32, name: &str| {
        let text = AGREEMENT.replace("version = 1", &format!("version = {version}"));
        std::fs::write(city.folder().join(name), text).expect("written");
    };
    document(2, "two.toml");
    document(3, "three.toml");
    let load = |who: &str, file: &str| city.run_as(who, &["steward", "agreement", file]);
    let waits = |said: &Said| {
        assert_eq!(said.code, Some(2), "{}", said.errors);
        assert!(said.errors.contains("once a second person makes the same call"), "{}", said.errors);
        assert_eq!(city.last_rule("PutAgreement"), (Decision::Refused, "people.second".into()));
        assert_eq!(city.versions(), [1]);
    };
    waits(&load(ANN, "two.toml"));
    waits(&load(ANN, "two.toml"));
    // Another document is another proposal.
    waits(&load(BEN, "three.toml"));
    let unnamed = load(STEWARD, "two.toml");
    assert_eq!((unnamed.code, unnamed.errors.contains("a certificate that names them")), (Some(2), true));
    assert_eq!(city.last_rule("PutAgreement"), (Decision::Refused, "people.unnamed".into()));
    let loaded = load(BEN, "two.toml");
    assert_eq!(loaded.code, Some(0), "{}", loaded.errors);
    assert_eq!(city.versions(), [1, 2]);
    // A proposal is for one time.
    assert_eq!(load(BEN, "two.toml").code, Some(2));
    // One that nobody has seconded for a week is none any more.
    city.tamper("UPDATE proposal SET proposed_ms = proposed_ms - 7 * 24 * 3600 * 1000 - 1");
    assert_eq!(load(ANN, "three.toml").code, Some(2));
    assert_eq!(load(BEN, "three.toml").code, Some(0));
    assert_eq!(city.versions(), [1, 2, 3]);
}

#[tokio::test]
async fn a_step_of_changing_the_key_takes_two_people() {
    let city = City::of_two_people().await;
    city.announced_key();
    let cancel = |who: &str| {
        let code = city.run_as(who, &["steward", "key", "cancel"]).code;
        (code, city.last_rule("ChangeLinkageKey").1)
    };
    let waits = (Some(2), "people.second".to_owned());
    assert_eq!(cancel(ANN), waits);
    assert_eq!(cancel(BEN).0, Some(0));
    assert_eq!(cancel(ANN), waits);
    // There is nothing to take back any more, which the second person hears; the proposal stays for another time.
    for _ in 0..2 {
        assert_eq!(cancel(BEN), (Some(2), "key.step".into()));
    }
    city.announced_key();
    assert_eq!(cancel(BEN).0, Some(0));
    // A step that was taken ends whatever was proposed before it, about another key.
    city.announced_key();
    assert_eq!(cancel(BEN), waits);
}
