//! `ListStudentDisclosures`: a source asks to whom the records of one of its students were given.
//!
//! Whose student it is follows from the certificate, so that nobody can ask about anybody else's. The student's number is read,
//! becomes the token that it is known by, and goes no further: the log has a digest of the request, which random bytes are in.

use super::desk::{Admitted, Desk};
use super::nonce;
use super::status::{self, Told};
use crate::api::{self, kind_to, v1 as pb};
use crate::audit::VerifierKey;
use crate::identity::{Token, student_token};
use crate::ingest::Intake;
use crate::records::{OrgId, Violation};
use crate::student::{self, Asked, Counting, Standing, State};
use pb::list_student_disclosures_request::Student;
use std::sync::Arc;
use tonic::{Response, Status};

/// Answers it, once it is on record that it was asked.
pub(super) async fn disclosures(
    desk: &Desk,
    intake: &Intake,
    log_keys: &Arc<[VerifierKey]>,
    admitted: &Admitted,
    request: pb::ListStudentDisclosuresRequest,
) -> Result<Response<pb::ListStudentDisclosuresResponse>, Status> {
    let call = &admitted.call;
    let source = admitted.peer.organization.clone();
    let pb::ListStudentDisclosuresRequest { student, nonce: random, from_index } = request;
    let student = match read(student, &random, intake, &source) {
        Ok(student) => student,
        Err(violations) => {
            let told = Told { rule: "student.malformed", status: status::violations(&violations) };
            return Err(desk.refuse(&nonce::on_record(call, &random), told).await);
        }
    };
    desk.intend(call).await?;
    let (asked, keys) = (Asked { source, student, from_index }, log_keys.clone());
    let today = call.time.date();
    let told = desk.look(call, move |snapshot| student::look(snapshot, &keys, &asked, today)).await?;
    desk.answer(call, response(told, random)).await
}

/// The student's token, or everything that is wrong with the request.
fn read(
    student: Option<Student>,
    random: &[u8],
    intake: &Intake,
    source: &OrgId,
) -> Result<Token, Vec<Violation>> {
    let token = match (student, intake) {
        (None, _) => Err(("student", "missing", "is required")),
        (Some(Student::StudentToken(bytes)), _) => bytes
            .try_into()
            .map(Token::from_bytes)
            .map_err(|_| ("student_token", "not_a_token", "is not 16 bytes")),
        (Some(Student::ClearStudent(_)), Intake::EncodedOnly) => Err((
            "clear_student",
            "clear_identifiers",
            "is in the clear, and this service takes encoded identifiers only (--key)",
        )),
        (Some(Student::ClearStudent(id)), Intake::Encodes(ring)) => match id.len() {
            1..=api::MAX_ID => Ok(student_token(ring, source, &id)),
            _ => Err(("clear_student", "out_of_range", "does not have 1 to 200 bytes")),
        },
    };
    let wrong = token.as_ref().err().map(|(field, code, reason)| Violation::new(field, code, reason));
    match (token, nonce::check(random)) {
        (Ok(token), None) => Ok(token),
        (_, short) => Err(wrong.into_iter().chain(short).collect()),
    }
}

fn response(told: student::Told, nonce: Vec<u8>) -> pb::ListStudentDisclosuresResponse {
    let student::Told { held, editions, destroyed, answers, next_index } = told;
    let (state, standing) = match held {
        Some((state, standing)) => (Some(state), standing),
        None => (None, Standing::new()),
    };
    let opted_out_until = match state {
        Some(State::OptedOut(Some(until))) => until.to_string(),
        _ => String::new(),
    };
    let held = standing.into_iter().map(|((kind, agreements), records)| pb::StudentHolding {
        kind: kind_to(kind),
        records,
        agreements,
    });
    let editions = editions.into_iter().map(|Counting { number, frozen, is_known }| pb::CountingEdition {
        edition: number,
        frozen: frozen.to_string(),
        known: is_known,
    });
    pb::ListStudentDisclosuresResponse {
        nonce,
        state: state.map_or(pb::StudentState::Unspecified, state_to).into(),
        opted_out_until,
        held: held.collect(),
        editions: editions.collect(),
        destroyed: destroyed.iter().map(ToString::to_string).collect(),
        answers,
        next_index,
    }
}

const fn state_to(state: State) -> pb::StudentState {
    match state {
        State::Unknown => pb::StudentState::Unknown,
        State::Withdrawn => pb::StudentState::Withdrawn,
        State::Waiting => pb::StudentState::Waiting,
        State::OptedOut(_) => pb::StudentState::OptedOut,
        State::WithoutConsent => pb::StudentState::WithoutConsent,
        State::Counted => pb::StudentState::Counted,
    }
}
