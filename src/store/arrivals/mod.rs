//! Records that have come and stand in no block yet.
//!
//! Keys of records are as good as random: in a file that is larger than a few pages each record belongs on a page of its own,
//! and of a state's ten million records each wrote a page of four kilobytes twice. So records are filed as they come, sealed,
//! in one piece for each transaction, which makes them durable; they wait in memory; and they are put away into blocks in
//! rounds through all keys, in order, so that many find their place in the same one. What is filed goes from the file
//! when the round is over that began after it had come.

mod merged;
mod sealed;
mod seen;
mod waiting;

use super::blocks::{self, Entry, Place, Row};
use super::{Error, ServiceKey};
pub(super) use merged::StandingRecord;
use rusqlite::{Connection, params};
use seen::Seen;
use std::collections::BTreeMap;
use waiting::Waiting;

/// Rows that a transaction brings.
pub(super) type Rows = BTreeMap<Place, Row>;

/// Bytes of memory for what waits before any has to be put away.
const WAITING_MAX: usize = 144 << 20;
/// Bytes that are filed before any has to be put away though not many wait: they come again and again. Otherwise it is twice
/// what a round is through, which is twice as much as waits.
const FILED_MAX: usize = 5 * WAITING_MAX;
/// Rows that are put away whenever there is nothing else to do, though more may come: where they come faster than that, they
/// soon are more, and wait.
const FEW: usize = 8_000;
/// What is taken out of the file at a time.
const TAKEN: u32 = 16;

/// What waits, at the writer.
pub(super) struct Arrivals {
    seen: Seen,
    /// Above where the round has come to.
    ahead: Waiting,
    /// At it or below.
    behind: Waiting,
    reached: Option<Place>,
    /// The number of what is filed next.
    next: i64,
    /// What is filed below this number had come when the round began.
    began: i64,
    /// What is filed below this number is in blocks.
    done: i64,
    /// Bytes filed before the round began, and since.
    n_filed: [usize; 2],
    /// Whether nothing is filed below `done`.
    is_taken: bool,
}

impl Arrivals {
    /// Reads what is filed, and begins to read which places have one.
    pub(super) fn open(connection: &Connection, key: &ServiceKey) -> Result<Self, Error> {
        let mut arrivals = Self {
            seen: Seen::begin(connection)?,
            ahead: Waiting::default(),
            behind: Waiting::default(),
            reached: None,
            next: 1,
            began: 1,
            done: 1,
            n_filed: [0; 2],
            is_taken: true,
        };
        arrivals.load(connection, key)?;
        Ok(arrivals)
    }

    /// Reads what is filed, in place of all that waits.
    pub(super) fn load(&mut self, connection: &Connection, key: &ServiceKey) -> Result<(), Error> {
        (self.ahead, self.behind, self.reached) = (Waiting::default(), Waiting::default(), None);
        self.n_filed = [0; 2];
        let last = sealed::each_filed(connection, key, |place, row| {
            self.n_filed[0] += row.len();
            self.seen.add(&place);
            self.ahead.put(place, &row, false);
        })?;
        (self.next, self.began, self.done) = (last + 1, last + 1, 1);
        self.is_taken = true;
        Ok(())
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
        let mut file = connection.prepare_cached("INSERT INTO arrival (number, rows) VALUES (?1, ?2)")?;
        file.execute(params![self.next, sealed])?;
        self.next += 1;
        Ok(())
    }

    /// Takes in what is filed.
    pub(super) fn add(&mut self, rows: &Rows) {
        self.is_taken = false;
        for (place, row) in rows {
            let row = Entry::of(place, row);
            self.n_filed[1] += row.len();
            let is_new = !self.seen.add(place);
            match self.reached {
                Some(reached) if *place <= reached => self.behind.put(*place, &row, is_new),
                _ => self.ahead.put(*place, &row, is_new),
            }
        }
    }

    /// Rows that wait.
    pub(super) fn len(&self) -> usize {
        self.ahead.len() + self.behind.len()
    }

    /// Whether nothing waits and nothing is filed.
    pub(super) fn is_put_away(&self) -> bool {
        self.len() == 0 && self.is_taken
    }

    /// Whether some wait, or are still filed, that are no reason to wait for more.
    pub(super) fn are_few(&self) -> bool {
        self.len() <= FEW && !self.is_put_away()
    }

    /// How many rows have to be put away, after so many came.
    pub(super) fn surplus(&self, n_came: usize) -> usize {
        let n_bytes = self.ahead.n_bytes() + self.behind.n_bytes();
        let n_over = n_bytes.saturating_sub(WAITING_MAX) * self.len() / n_bytes.max(1);
        let is_much = self.n_filed[0] + self.n_filed[1] > FILED_MAX;
        n_over.max(if is_much { n_came } else { 0 })
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
            if self.ahead.is_empty() {
                self.begin_round();
            }
            let now = self.ahead.take_first(n_rows);
            blocks::put(connection, key, now.iter())?;
            self.reached = now.last();
            n_rows = n_rows.saturating_sub(now.len());
        }
        if self.len() == 0 {
            self.began = self.next;
        }
        if self.ahead.is_empty() {
            self.begin_round();
        }
        if !self.is_taken {
            let sql = "DELETE FROM arrival WHERE number IN
                (SELECT number FROM arrival WHERE number < ?1 ORDER BY number LIMIT ?2)";
            let n_taken = connection.prepare_cached(sql)?.execute(params![self.done, TAKEN])?;
            self.is_taken = n_taken < TAKEN as usize;
        }
        Ok(())
    }

    fn begin_round(&mut self) {
        self.done = self.began;
        self.began = self.next;
        self.n_filed = [self.n_filed[1], 0];
        self.is_taken = false;
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
        (self.began, self.done, self.n_filed) = (self.next, self.next, [0; 2]);
        (self.ahead, self.behind, self.reached) = (Waiting::default(), Waiting::default(), None);
        self.is_taken = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
