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

use super::blocks::{self, Place, Row};
use super::{Error, ServiceKey};
pub(super) use merged::StandingRecord;
use rusqlite::{Connection, params};
use seen::Seen;
use std::collections::BTreeMap;

pub(super) type Rows = BTreeMap<Place, Row>;

/// Rows that wait in memory before any has to be put away: about 120 MB.
const WAITING_MAX: usize = 3 << 18;
/// Rows that are filed before any has to be put away though they are not many: they come again and again. Otherwise it is
/// twice what a round is through, which is twice as many as wait.
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
    ahead: Rows,
    /// At it or below.
    behind: Rows,
    reached: Option<Place>,
    /// The number of what is filed next.
    next: i64,
    /// What is filed below this number had come when the round began.
    began: i64,
    /// What is filed below this number is in blocks.
    done: i64,
    /// Rows filed before the round began, and since.
    n_filed: [usize; 2],
    /// Whether nothing is filed below `done`.
    is_taken: bool,
}

impl Arrivals {
    /// Reads what is filed, and begins to read which places have one.
    pub(super) fn open(connection: &Connection, key: &ServiceKey) -> Result<Self, Error> {
        let mut arrivals = Self {
            seen: Seen::begin(connection)?,
            ahead: Rows::new(),
            behind: Rows::new(),
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
        let (rows, last) = sealed::filed(connection, key)?;
        rows.keys().for_each(|place| self.seen.add(place));
        (self.next, self.began, self.done) = (last + 1, last + 1, 1);
        self.n_filed = [rows.len(), 0];
        (self.ahead, self.behind, self.reached) = (rows, Rows::new(), None);
        self.is_taken = true;
        Ok(())
    }

    /// False only where nothing waits for a place and it has no row.
    pub(super) fn may_have(&self, place: &Place) -> bool {
        self.seen.may_have(place)
    }

    /// What waits for a place.
    pub(super) fn get(&self, place: &Place) -> Option<&Row> {
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
    pub(super) fn add(&mut self, rows: Rows) {
        self.n_filed[1] += rows.len();
        self.is_taken = false;
        for (place, row) in rows {
            self.seen.add(&place);
            match self.reached {
                Some(reached) if place <= reached => self.behind.insert(place, row),
                _ => self.ahead.insert(place, row),
            };
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
        let is_much = self.n_filed[0] + self.n_filed[1] > FILED_MAX;
        self.len().saturating_sub(WAITING_MAX).max(if is_much { n_came } else { 0 })
    }

    /// Puts so many rows away, in the round's order, and takes out of the file what is in blocks.
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
            let n_now = n_rows.min(self.ahead.len());
            let now: Vec<(Place, Row)> = std::iter::from_fn(|| self.ahead.pop_first()).take(n_now).collect();
            blocks::put(connection, key, now.iter().map(|(place, row)| (place, row)))?;
            self.reached = now.last().map(|(place, _)| *place);
            n_rows -= n_now;
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
        brought.keys().for_each(|place| self.seen.add(place));
        for rows in [&self.ahead, &self.behind, brought] {
            blocks::put(connection, key, rows)?;
        }
        connection.prepare_cached("DELETE FROM arrival")?.execute([])?;
        (self.began, self.done, self.n_filed) = (self.next, self.next, [0; 2]);
        (self.ahead, self.behind, self.reached) = (Rows::new(), Rows::new(), None);
        self.is_taken = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
