//! What is believed of comparison levels before a set is seen.

use super::comparison::N_LEVELS;
use super::model::{BIRTH, FIRST, ID, LAST, MIDDLE, N_FIELDS, PLACE, SEX, SUFFIX, Table};

/// Round figures for records of people, `[m, h, u]` for each level from 1 on; learning starts from
/// them and moves to what a set shows.
pub(super) fn beliefs() -> [Table; 3] {
    let mut tables = [[[0.0; N_LEVELS]; N_FIELDS]; 3];
    let mut set = |field: usize, from: usize, rows: &[[f32; 3]]| {
        for (level, row) in (from..).zip(rows) {
            for (table, value) in tables.iter_mut().zip(row) {
                table[field][level] = *value;
            }
        }
    };
    // Exact, same word, close, nickname, middle name, same sound, similar, same initial, different,
    // exchanged; initial, other initial; half exchanged, initial of the middle name, part, far.
    set(
        FIRST,
        1,
        &[
            [0.84, 0.003, 0.003],
            [0.02, 0.0005, 0.0005],
            [0.05, 0.001, 0.001],
            [0.02, 0.001, 0.001],
            [0.015, 0.004, 0.002],
            [0.012, 0.001, 0.001],
            [0.012, 0.006, 0.006],
            [0.008, 0.08, 0.08],
            [0.015, 0.9, 0.9],
            [0.008, 0.00002, 0.00002],
            [0.9, 0.08, 0.08],
            [0.1, 0.92, 0.92],
            [0.003, 0.0002, 0.0002],
            [0.006, 0.04, 0.04],
            [0.004, 0.003, 0.003],
            [0.003, 0.01, 0.01],
        ],
    );
    // Exact, close, shared part, same sound, similar, different, in middle name, far.
    set(
        LAST,
        1,
        &[
            [0.84, 0.78, 0.003],
            [0.05, 0.04, 0.0015],
            [0.05, 0.08, 0.004],
            [0.005, 0.004, 0.001],
            [0.01, 0.01, 0.005],
            [0.03, 0.08, 0.985],
            [0.003, 0.002, 0.0005],
            [0.006, 0.006, 0.006],
        ],
    );
    // Exact, exchanged, one digit, two parts, two digits, same year, different.
    set(
        BIRTH,
        1,
        &[
            [0.94, 0.05, 0.0002],
            [0.01, 0.0002, 0.0002],
            [0.02, 0.004, 0.004],
            [0.008, 0.01, 0.01],
            [0.006, 0.02, 0.02],
            [0.006, 0.06, 0.06],
            [0.01, 0.85, 0.9],
        ],
    );
    // Address by area: same, near, other.
    let address = [
        [0.55, 0.6, 0.00003],
        [0.08, 0.08, 0.0004],
        [0.08, 0.08, 0.0004],
        [0.03, 0.02, 0.004],
        [0.03, 0.03, 0.02],
        [0.23, 0.19, 0.975],
    ];
    let area = [[0.85, 0.85, 0.06], [0.05, 0.05, 0.1], [0.1, 0.1, 0.84]];
    set(PLACE, 1, &area);
    for (level, row) in (1..).zip(address) {
        set(PLACE, 4 * level, &[row]);
        let given = |area: &[f32; 3]| [row[0] * area[0], row[1] * area[1], row[2] * area[2]];
        set(PLACE, 4 * level + 1, &area.iter().map(given).collect::<Vec<_>>());
    }
    // Exact, close, same initial, different; initial, other initial.
    set(
        MIDDLE,
        1,
        &[
            [0.88, 0.01, 0.01],
            [0.05, 0.005, 0.005],
            [0.02, 0.08, 0.08],
            [0.05, 0.9, 0.9],
            [0.93, 0.08, 0.08],
            [0.07, 0.92, 0.92],
        ],
    );
    // Same, different, where given names differ and where they agree.
    set(SEX, 1, &[[0.97, 0.5, 0.5], [0.03, 0.5, 0.5], [0.985, 0.95, 0.95], [0.015, 0.05, 0.05]]);
    set(SUFFIX, 1, &[[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]);
    set(ID, 1, &[[0.95, 0.00001, 0.00001], [0.05, 0.99999, 0.99999]]);
    tables
}
