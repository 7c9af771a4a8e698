//! Pairs as they were offered for review, and what was decided about pairs.

use super::{Error, Snapshot, Tx};
use crate::calendar::Timestamp;
use crate::identity::Token;
use crate::linkage::{Contradiction, Linker, Offered, Subject, SubjectPair, Verdict};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::fmt;

/// What names a pair to the steward: a keyed digest, from which nobody learns who it is. Written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairId(pub [u8; 16]);

impl PairId {
    /// Reads what [`PairId`]'s display wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let number = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for PairId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A decision as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkVerdict {
    /// The pair.
    pub id: PairId,
    /// Who it is.
    pub pair: SubjectPair,
    /// What was decided last.
    pub verdict: Verdict,
    /// When.
    pub decided: Timestamp,
}

impl Snapshot<'_> {
    /// The decisions that stand, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn link_verdicts(&self) -> Result<Vec<LinkVerdict>, Error> {
        verdicts(self.connection())
    }

    /// A linker of its own with all that is stored, for whoever looks at links and changes none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`].
    pub fn linker(&self) -> Result<Linker, Error> {
        super::subjects::load_linker(self.connection(), self.key)
    }

    /// What names a pair.
    #[must_use]
    pub fn pair_id(&self, pair: &SubjectPair) -> PairId {
        self.key.pair_id(pair)
    }

    /// The pair of that name, if it was in the last report or is decided.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn pair(&self, id: PairId) -> Result<Option<SubjectPair>, Error> {
        let mut statement = self.prepare(
            "SELECT source_a, student_a, source_b, student_b FROM link_offer WHERE id = ?1
             UNION SELECT source_a, student_a, source_b, student_b FROM link_verdict WHERE id = ?1",
        )?;
        Ok(statement.query_row([id.0], pair).optional()?)
    }
}

impl Tx<'_> {
    /// Keeps the pairs of a report, in place of those of the report before; not their weights, which tell how
    /// frequent a name is. Students who were destroyed while the report was made are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn put_link_offers(&mut self, offered: &[Offered]) -> Result<(), Error> {
        self.prepare("DELETE FROM link_offer")?.execute([])?;
        let mut statement = self.prepare(
            "INSERT INTO link_offer (id, source_a, student_a, source_b, student_b) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let linker = self.linker()?;
        for of in offered {
            let [a, b] = of.pair.subjects();
            if linker.kept_at(&a).is_none() || linker.kept_at(&b).is_none() {
                continue;
            }
            statement.execute(params![
                self.pair_id(&of.pair).0,
                a.source,
                a.student.as_bytes(),
                b.source,
                b.student.as_bytes()
            ])?;
        }
        Ok(())
    }

    /// Whether a decision about a pair fits the others that stand.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] or [`Error::Damaged`]; inside, [`Contradiction`] when it does not.
    pub fn allows(&self, pair: SubjectPair, verdict: Verdict) -> Result<Result<(), Contradiction>, Error> {
        Ok(self.linker()?.allows(pair, verdict))
    }

    /// Keeps a decision, in place of an earlier one about the same pair. Links follow when they are settled next.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], and [`Error::Damaged`] for a decision that [`Tx::allows`] does not.
    pub fn put_link_verdict(
        &mut self,
        pair: SubjectPair,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<(), Error> {
        let [a, b] = pair.subjects();
        self.prepare(
            "INSERT INTO link_verdict (id, source_a, student_a, source_b, student_b, verdict, decided_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET verdict = ?6, decided_ms = ?7",
        )?
        .execute(params![
            self.pair_id(&pair).0,
            a.source,
            a.student.as_bytes(),
            b.source,
            b.student.as_bytes(),
            verdict.name(),
            now.millis()
        ])?;
        decide(self.linker_mut()?, pair, verdict)
    }

    /// Takes a decision about a pair back, and says whether there was one. Links follow when they are settled next.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub fn remove_link_verdict(&mut self, pair: SubjectPair) -> Result<bool, Error> {
        let id = self.pair_id(&pair);
        let n_removed = self.prepare("DELETE FROM link_verdict WHERE id = ?1")?.execute([id.0])?;
        if n_removed > 0 {
            self.linker_mut()?.withdraw(pair);
        }
        Ok(n_removed > 0)
    }
}

/// Tells a linker of every decision.
pub(super) fn restore(connection: &Connection, linker: &mut Linker) -> Result<(), Error> {
    verdicts(connection)?.into_iter().try_for_each(|kept| decide(linker, kept.pair, kept.verdict))
}

fn decide(linker: &mut Linker, pair: SubjectPair, verdict: Verdict) -> Result<(), Error> {
    linker.decide(pair, verdict).map_err(|_| Error::Damaged("decisions about links contradict each other"))
}

fn verdicts(connection: &Connection) -> Result<Vec<LinkVerdict>, Error> {
    let sql = "SELECT source_a, student_a, source_b, student_b, id, verdict, decided_ms FROM link_verdict
               ORDER BY decided_ms DESC, id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(LinkVerdict {
            pair: pair(row)?,
            id: PairId(row.get(4)?),
            // The table holds no third word.
            verdict: match row.get_ref(5)?.as_str()? {
                "same" => Verdict::Same,
                _ => Verdict::Different,
            },
            decided: Timestamp::from_millis(row.get(6)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The first four columns.
fn pair(row: &Row<'_>) -> rusqlite::Result<SubjectPair> {
    let subject = |at: usize| -> rusqlite::Result<Subject> {
        Ok(Subject { source: row.get(at)?, student: Token::from_bytes(row.get(at + 1)?) })
    };
    Ok(SubjectPair::new(subject(0)?, subject(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::testing::{open, put_student};

    /// Runs steps, and keeps or undoes what they did.
    async fn change(store: &Store, is_kept: bool, steps: fn(&mut Tx<'_>) -> Result<bool, Error>) -> bool {
        let (said, hears) = std::sync::mpsc::channel();
        let steps = move |tx: &mut Tx<'_>| {
            said.send(steps(tx)?).map_err(|_| Error::Stopped)?;
            if is_kept { Ok(()) } else { Err(Error::Panicked) }
        };
        assert_eq!(store.transaction("test.verdict", steps).await.is_ok(), is_kept);
        hears.recv().expect("the steps were run")
    }

    fn pair() -> SubjectPair {
        let [a, b] = [1, 2].map(|n| Subject { source: n, student: Token::from_bytes([n as u8; 16]) });
        SubjectPair::new(a, b)
    }

    #[tokio::test]
    async fn a_decision_is_taken_back_for_good_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let decide = |tx: &mut Tx<'_>| {
            tx.put_link_verdict(pair(), Verdict::Same, Timestamp::from_millis(0)).map(|()| true)
        };
        let take_back = |tx: &mut Tx<'_>| tx.remove_link_verdict(pair());
        // A pair of the second subject with another one of the first one's source contradicts the decision.
        let is_decided = |tx: &mut Tx<'_>| {
            let [a, b] = pair().subjects();
            let other = Subject { student: Token::from_bytes([9; 16]), ..a };
            let by_linker = tx.allows(SubjectPair::new(other, b), Verdict::Same)?.is_err();
            assert_eq!(by_linker, !tx.link_verdicts()?.is_empty(), "memory and file agree");
            Ok(by_linker)
        };
        let store = open(folder.path());
        assert!(!change(&store, true, take_back).await, "nothing was decided");
        change(&store, true, decide).await;
        assert!(change(&store, false, take_back).await, "but undone");
        assert!(change(&store, true, is_decided).await);
        assert!(change(&store, true, take_back).await);
        assert!(!change(&store, true, is_decided).await);
        change(&store, false, decide).await;
        assert!(!change(&store, true, is_decided).await);
        drop(store);
        assert!(!change(&open(folder.path()), true, is_decided).await);
    }

    #[tokio::test]
    async fn no_pair_is_offered_of_a_student_who_is_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = open(folder.path());
        let offer = |tx: &mut Tx<'_>| {
            let pattern = crate::linkage::LevelPattern([0; 8]);
            tx.put_link_offers(&[Offered { pair: pair(), weight_bits: 1.0, pattern, is_linked: false }])?;
            Ok(tx.pair(tx.pair_id(&pair()))?.is_some())
        };
        assert!(!change(&store, true, offer).await, "nobody is there");
        let come = |tx: &mut Tx<'_>| {
            for (person, of) in (1..).zip(pair().subjects()) {
                put_student(tx, of.source, *of.student.as_bytes(), person)?;
            }
            Ok(true)
        };
        change(&store, true, come).await;
        assert!(change(&store, true, offer).await);
        let leave = |tx: &mut Tx<'_>| {
            let linker = tx.linker_mut()?;
            pair().subjects().into_iter().filter(|of| of.source == 2).for_each(|of| linker.remove(of));
            Ok(true)
        };
        assert!(change(&store, true, leave).await);
        assert!(!change(&store, true, offer).await, "one of them has left while the report was made");
    }

    #[test]
    fn names_of_pairs_are_read_as_they_are_written() {
        let id = PairId(std::array::from_fn(|at| at as u8));
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(PairId::parse(&id.to_string()), Some(id));
        for wrong in ["", "00", "+00102030405060708090a0b0c0d0e0f", "000102030405060708090A0B0C0D0E0F"] {
            assert_eq!(PairId::parse(wrong), None, "{wrong}");
        }
    }
}
