//! The record of disclosures of one student, with the proof of every answer in it.

use super::nonce::nonce;
use super::session::{Error, Session};
use crate::api::v1 as pb;
use crate::audit::{Decision, Entry, Receipt};
use pb::list_student_disclosures_request::Student;
use prost::Message;

/// What the service says of a student.
pub struct StudentDisclosures {
    /// All but the answers.
    pub told: pb::ListStudentDisclosuresResponse,
    /// What was answered of the editions that are told, in the order of the log, each with its proof, which holds.
    pub answers: Vec<(Entry, Receipt)>,
}

impl Session {
    /// To whom the records of a student of the caller's were given.
    ///
    /// # Errors
    ///
    /// [`Error`]; every page, and every answer that is told, has to be in the log.
    pub async fn student_disclosures(&self, student: Student) -> Result<StudentDisclosures, Error> {
        let mut from_index = 0;
        let mut all: Option<StudentDisclosures> = None;
        loop {
            let nonce = nonce()?;
            let student = Some(student.clone());
            let request = pb::ListStudentDisclosuresRequest { student, nonce: nonce.clone(), from_index };
            let asked = request.encode_to_vec();
            let response = self.audit().list_student_disclosures(request).await?;
            let mut page = self.proven(&asked, response)?;
            if page.nonce != nonce {
                return Err(Error::OtherCall);
            }
            let mut answers = Vec::new();
            for receipt in std::mem::take(&mut page.answers) {
                answers.push((self.answer_of(&page, &receipt)?, receipt));
            }
            let next_index = page.next_index;
            match &mut all {
                None => all = Some(StudentDisclosures { told: page, answers }),
                // An edition may have come meanwhile; what is held is on the first page.
                Some(all) => {
                    all.told.editions = page.editions;
                    all.answers.extend(answers);
                }
            }
            match (next_index, all) {
                (0, Some(all)) => return Ok(all),
                (next, so_far) if next > from_index => (from_index, all) = (next, so_far),
                _ => return Err(Error::Protocol("a page that begins before the last one")),
            }
        }
    }

    /// The entry of an answer, once it is proven to be one, of an edition that is told.
    fn answer_of(
        &self,
        page: &pb::ListStudentDisclosuresResponse,
        receipt: &Receipt,
    ) -> Result<Entry, Error> {
        let entry = self.entry(Some(receipt))?;
        let is_told = |number| page.editions.iter().any(|edition| edition.edition == number);
        let is_answer = entry.rpc.as_str() == "Query" && entry.decision == Decision::Allowed;
        match is_answer && entry.edition.is_some_and(is_told) {
            true => Ok(entry),
            false => Err(Error::Protocol("an answer that is not one of these editions")),
        }
    }
}
