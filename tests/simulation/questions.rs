//! What partners ask, and what they must be told: the same answer for ever, or the rule that refuses it.

use crate::papers::{BYSTANDER, COMING, EXPIRED, IN_FORCE, NARROW, PARTNER, PURPOSE, SOURCES};
use crate::world::World;
use prost::Message;
use throughline::api::v1 as pb;
use throughline::audit::Hash;
use throughline::disclosure::{Mark, ProtectedTable};
use throughline::server::peer::Role;

/// Who asks something, and the rule that must refuse it: nothing where it must be answered.
struct Asked {
    organization: &'static str,
    role: Role,
    question: pb::QueryRequest,
    refusal: Option<&'static str>,
    /// What the intent says of the question: its agreement and its purpose, where they are known to name nobody.
    known: String,
    /// Whether it is refused before work on it begins.
    is_at_the_door: bool,
}

impl World<'_> {
    /// Somebody asks. Whether it hears the answer is for the seed to say.
    pub(crate) fn ask(&mut self) {
        let Asked { organization, role, question, refusal, known, is_at_the_door } = self.question();
        let service = self.service();
        let mut line = service.line(organization, role).releases();
        let answered = service.wait(line.query(question.clone()));
        if !is_at_the_door {
            self.entered([format!("{organization} Query intended call.intended{known}")]);
        }
        match (answered, refusal) {
            (Err(status), Some(rule)) => {
                let quoted = match rule {
                    "agreement.party" => "",
                    _ if !rule.starts_with("agreement.") => "",
                    _ => known.split(' ').nth(1).expect("its agreement"),
                };
                let line = format!("{organization} Query refused {rule} {quoted}");
                self.entered([line.trim_end().to_owned()]);
                self.refused(&status, rule);
            }
            (Ok(answer), None) => {
                let release = answer.into_inner();
                let table = release.table().expect("a table");
                let edition = table.edition();
                let agreement = &question.agreement;
                self.entered([format!(
                    "{organization} Query allowed agreement.covered {agreement} {PURPOSE} edition={edition}"
                )]);
                let entry = self.proven(release.receipt());
                assert_eq!(entry.request_digest, Some(Hash::of(&question.encode_to_vec())));
                assert_eq!(entry.response_digest, Some(Hash::new(table.digest())));
                self.answered(&question, table);
            }
            (answered, refusal) => panic!("{question:?}: {answered:?}, not {refusal:?}"),
        }
        if self.chance(70) {
            self.all_heard();
        }
    }

    /// The same question to the same edition has the same answer, and no answer shows a small group.
    fn answered(&mut self, question: &pb::QueryRequest, table: &ProtectedTable) {
        let edition = match question.edition {
            0 => self.model.n_editions,
            edition => edition,
        };
        assert_eq!(table.edition(), edition, "{question:?}");
        for cell in table.cells().iter().filter(|cell| cell.mark() == Mark::Shown) {
            assert!(cell.denominator() == 0 || cell.denominator() >= 10, "{question:?}: {cell:?}");
        }
        // An answer says of its records on which day they were destroyed; its figures stay as they are.
        let asked = format!("{:?}", pb::QueryRequest { edition, ..question.clone() });
        let figures = table.cells().iter().flat_map(Message::encode_to_vec).collect::<Vec<u8>>();
        self.see(&Hash::of(&figures).to_string());
        for (asked, answer) in [
            (format!("figures of {asked}"), figures),
            (format!("{asked} {}", self.model.is_closed()), table.encode_to_vec()),
        ] {
            let first = self.answers.entry((edition, asked)).or_insert_with(|| answer.clone());
            assert!(*first == answer, "another answer to {question:?}");
        }
    }

    fn question(&mut self) -> Asked {
        let by: [&[&str]; 3] = [&[], &["sex"], &["race"]];
        let by = by[self.below(3)];
        let edition = self.below(self.model.n_editions as usize + 1) as u32;
        let question = pb::QueryRequest {
            agreement: IN_FORCE.into(),
            purpose: PURPOSE.into(),
            product: "city".into(),
            indicator: "chronic_absence".into(),
            dimensions: by.iter().map(ToString::to_string).collect(),
            edition,
            ..pb::QueryRequest::default()
        };
        let mut asked = Asked {
            organization: PARTNER,
            role: Role::Partner,
            question,
            refusal: None,
            known: format!(" {IN_FORCE} {PURPOSE}"),
            is_at_the_door: false,
        };
        let question = &mut asked.question;
        let under = |agreement: &str| (agreement.to_owned(), format!(" {agreement} {PURPOSE}"));
        match self.random_wrong() {
            Wrong::Purpose => {
                question.purpose = "curiosity".into();
                asked.refusal = Some("agreement.purpose");
                asked.known = format!(" {IN_FORCE}");
            }
            Wrong::Dimension => {
                question.dimensions = vec!["grade".into()];
                asked.refusal = Some("product.not_a_slice");
            }
            Wrong::Narrow => {
                question.dimensions = vec!["race".into()];
                (question.agreement, asked.known) = under(NARROW);
                asked.refusal = Some("agreement.dimension");
            }
            Wrong::Expired => {
                (question.agreement, asked.known) = under(EXPIRED);
                asked.refusal = Some("agreement.not_expired");
            }
            Wrong::NotYet => {
                (question.agreement, asked.known) = under(COMING);
                asked.refusal = Some("agreement.begun");
            }
            Wrong::Agreement => {
                question.agreement = "city-none".into();
                asked.known.clear();
                asked.refusal = Some("agreement.party");
            }
            Wrong::Party => {
                asked.organization = BYSTANDER;
                asked.known.clear();
                asked.refusal = Some("agreement.party");
            }
            Wrong::Edition => {
                question.edition = self.model.n_editions + 1;
                asked.refusal = Some("edition.none");
            }
            Wrong::Role => {
                (asked.organization, asked.role) = (SOURCES[0], Role::Partner);
                (asked.refusal, asked.is_at_the_door) = (Some("organization.role"), true);
            }
            Wrong::Rpc => {
                (asked.organization, asked.role) = (SOURCES[0], Role::Contributor);
                (asked.refusal, asked.is_at_the_door) = (Some("peer.role"), true);
            }
            Wrong::Nothing => {}
        }
        if self.model.is_suspended(asked.organization) {
            (asked.refusal, asked.is_at_the_door) = (Some("organization.suspended"), true);
        }
        asked
    }

    fn random_wrong(&mut self) -> Wrong {
        match self.below(20) {
            0 => Wrong::Purpose,
            1 => Wrong::Dimension,
            2 => Wrong::Narrow,
            3 => Wrong::Expired,
            4 => Wrong::NotYet,
            5 => Wrong::Agreement,
            6 => Wrong::Party,
            7 => Wrong::Edition,
            8 => Wrong::Role,
            9 => Wrong::Rpc,
            _ => Wrong::Nothing,
        }
    }
}

/// What is wrong with a question.
enum Wrong {
    Nothing,
    Purpose,
    Dimension,
    Narrow,
    Expired,
    NotYet,
    Agreement,
    Party,
    Edition,
    Role,
    Rpc,
}
