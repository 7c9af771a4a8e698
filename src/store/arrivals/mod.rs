//! Records that have come and stand in no block yet.
//!
//! Keys of records are as good as random: in a file that is larger than a few pages each record belongs on a page of its own,
//! and of a state's ten million records each wrote a page of four kilobytes twice. So records are filed as they come, sealed,
//! in one piece for each transaction, which makes them durable; they wait in memory; and they are put away into blocks in
//! rounds through all keys, in order, so that many find their place in the same one. What is filed goes from the file
//! when a round has come to where it was when that was filed.

mod merged;
mod round;
mod sealed;
mod seen;
mod waiting;

use super::blocks::{self, Entry, Place, Row};
use super::{Error, ServiceKey};
pub(super) use merged::StandingRecord;
use round::Progress;
use rusqlite::{Connection, params};
use sealed::Filed;
use seen::Seen;
use std::collections::{BTreeMap, VecDeque};
use waiting::Waiting;

/// Rows that a transaction brings.
pub(super) type Rows = BTreeMap<Place, Row>;

/// Bytes of memory for what waits before any has to be put away.
const WAITING_MAX: usize = 64 << 20;
/// Bytes that are filed before any has to be put away though not many wait: they come again and again. Otherwise it is what a
/// round is through, which is twice as much as waits.
const FILED_MAX: usize = 3 * WAITING_MAX;
/// Rows that are put away whenever there is nothing else to do, though more may come: where they come faster than that, they
/// soon are more, and wait.
const FEW: usize = 8_000;
/// What is taken out of the file at a time.
const TAKEN: usize = 16;

/// What waits, at the writer.
pub(super) struct Arrivals {
    seen: Seen,
    /// Above where the round has come to.
    ahead: Waiting,
    /// At it or below.
    behind: Waiting,
    round: i64,
    reached: Option<Place>,
    /// The number of what is filed next.
    next: i64,
    /// What is filed, as it came.
    filed: VecDeque<Filed>,
    n_filed_bytes: usize,
}

impl Arrivals {
    /// Reads what is filed, and begins to read which places have one.
    pub(super) fn open(connection: &Connection, key: &ServiceKey) -> Result<Self, Error> {
        let mut arrivals = Self {
            seen: Seen::begin(connection)?,
            ahead: Waiting::default(),
            behind: Waiting::default(),
            round: 1,
            reached: None,
            next: 1,
            filed: VecDeque::new(),
            n_filed_bytes: 0,
        };
        arrivals.load(connection, key)?;
        Ok(arrivals)
    }

    /// Reads what is filed, in place of all that waits.
    pub(super) fn load(&mut self, connection: &Connection, key: &ServiceKey) -> Result<(), Error> {
        (self.round, self.reached) = Progress::read(connection)?.parts();
        (self.ahead, self.behind) = (Waiting::default(), Waiting::default());
        self.filed = sealed::each_filed(connection, key, |place, row| {
            let is_new = !self.seen.add(&place);
            self.waiting_at(&place).put(place, &row, is_new);
        })?;
        self.next = self.filed.back().map_or(0, |last| last.number) + 1;
        self.n_filed_bytes = self.filed.iter().map(|piece| piece.n_bytes).sum();
        Ok(())
    }

    /// Where what belongs in a place waits.
    fn waiting_at(&mut self, place: &Place) -> &mut Waiting {
        match self.reached {
            Some(reached) if *place <= reached => &mut self.behind,
            _ => &mut self.ahead,
        }
    }

    /// False only where nothing waits for a place and it has no row.
    pub(super) fn may_have(&self, place: &Place) -> bool {
        self.seen.may_have(place)
    }

    /// What waits for a place.
    pub(super) fn get(&self, place: &Place) -> Option<Row> {
        match self.reached {
            Some(reached) if *place <= reached => self.behind.get(place),
            _ => self.ahead.get(place),
        }
    }

    /// Files what a transaction brought. It waits once [`Arrivals::add`] has taken it in too.
    pub(super) fn file(
        &mut self,
        connection: &Connection,
        key: &ServiceKey,
        rows: &Rows,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let sealed = sealed::sealed(key, self.next, rows)?;
        let (number, then) = (self.next, self.progress());
        let sql = "INSERT INTO arrival (number, rows, round, reached) VALUES (?1, ?2, ?3, ?4)";
        let (round, reached) = then.to_stored();
        connection.prepare_cached(sql)?.execute(params![number, sealed, round, reached])?;
        self.next += 1;
        self.n_filed_bytes += sealed.len();
        self.filed.push_back(Filed { number, then, n_bytes: sealed.len() });
        Ok(())
    }

    fn progress(&self) -> Progress {
        Progress::new(self.round, self.reached.as_ref())
    }

    /// Takes in what is filed.
    pub(super) fn add(&mut self, rows: &Rows) {
        for (place, row) in rows {
            let is_new = !self.seen.add(place);
            self.waiting_at(place).put(*place, &Entry::of(place, row), is_new);
        }
    }

    /// Rows that wait.
    pub(super) fn len(&self) -> usize {
        self.ahead.len() + self.behind.len()
    }

    /// Whether nothing waits and nothing is filed.
    pub(super) fn is_put_away(&self) -> bool {
        self.len() == 0 && self.filed.is_empty()
    }

    /// Whether some wait, or are still filed, that are no reason to wait for more.
    pub(super) fn are_few(&self) -> bool {
        self.len() <= FEW && !self.is_put_away()
    }

    /// How many rows have to be put away, after so many came.
    pub(super) fn surplus(&self, n_came: usize) -> usize {
        let n_bytes = self.ahead.n_bytes() + self.behind.n_bytes();
        let n_over = n_bytes.saturating_sub(WAITING_MAX) * self.len() / n_bytes.max(1);
        n_over.max(if self.n_filed_bytes > FILED_MAX { n_came } else { 0 })
    }

    /// Puts so many rows away, in the round's order, and a few more, and takes out of the file what is in blocks.
    pub(super) fn put_away(
        &mut self,
        connection: &Connection,
        key: &ServiceKey,
        n_rows: usize,
    ) -> Result<(), Error> {
        let mut n_rows = n_rows;
        while n_rows > 0 && self.len() > 0 {
            let now = self.ahead.take_first(n_rows);
            blocks::put(connection, key, now.iter())?;
            n_rows = n_rows.saturating_sub(now.len());
            match now.last() {
                Some(last) if !self.ahead.is_empty() => self.reached = Some(last),
                _ => self.begin_round(),
            }
        }
        if self.len() == 0 {
            // Nothing waits for either of these two.
            self.begin_round();
            self.begin_round();
        }
        let now = self.progress();
        now.write(connection)?;
        let mut take = connection.prepare_cached("DELETE FROM arrival WHERE number = ?1")?;
        for _ in 0..TAKEN {
            let Some(piece) = self.filed.front().filter(|piece| now.is_past_all(&piece.then)) else { break };
            take.execute([piece.number])?;
            self.n_filed_bytes -= piece.n_bytes;
            self.filed.pop_front();
        }
        Ok(())
    }

    fn begin_round(&mut self) {
        self.round += 1;
        self.reached = None;
        std::mem::swap(&mut self.ahead, &mut self.behind);
    }

    /// Puts everything away, also what a transaction has brought and not filed.
    pub(super) fn put_all_away(
        &mut self,
        connection: &Connection,
        key: &ServiceKey,
        brought: &Rows,
    ) -> Result<(), Error> {
        brought.keys().for_each(|place| _ = self.seen.add(place));
        blocks::put(connection, key, self.ahead.iter())?;
        blocks::put(connection, key, self.behind.iter())?;
        blocks::put(connection, key, brought.iter().map(|(place, row)| (*place, Entry::of(place, row))))?;
        connection.prepare_cached("DELETE FROM arrival")?.execute([])?;
        (self.ahead, self.behind) = (Waiting::default(), Waiting::default());
        (self.filed, self.n_filed_bytes) = (VecDeque::new(), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
