//! What columns have of programs.

use super::Columns;
use crate::outcomes::attendance::Attendance;
use crate::outcomes::builder::EditionBuilder;
use crate::outcomes::column::{Column, MISSING};
use crate::outcomes::schema::column_name;
use crate::outcomes::service::{Totals, WINDOW_MIN};
use crate::records::Code;

/// Adds the program columns of a frame from (row, program, services), summed over equal rows.
pub(super) fn add_services(
    columns: &mut Columns,
    services: impl Iterator<Item = (u32, u32, Totals)>,
    programs: &[Code],
    n_rows: usize,
) {
    let mut by_program: Vec<Vec<(u32, Totals)>> = vec![Vec::new(); programs.len()];
    for (row, program, services) in services {
        by_program[program as usize].push((row, services));
    }
    for (program, services) in programs.iter().zip(by_program) {
        let names = ["eligible", "participant", "dosage_hundredths"];
        let mut values = names.map(|_| vec![0_i64; n_rows]);
        for (row, services) in services {
            let row = row as usize;
            values[0][row] |= i64::from(services.eligible);
            values[1][row] |= i64::from(services.participant);
            let amount = i64::try_from(services.dosage_hundredths).unwrap_or(i64::MAX);
            values[2][row] = values[2][row].saturating_add(amount);
        }
        for (name, values) in names.into_iter().zip(values) {
            columns.insert(column_name(name, &[program.as_str()]), Column::pack(&values));
        }
    }
}

/// Adds what a program was in a school year alone: its days, and attendance before and after it began.
pub(super) fn add_years_services(
    columns: &mut Columns,
    builder: &EditionBuilder,
    programs: &[Code],
    places: &[u32],
    position: &[u32],
) {
    const NAMES: [&str; 5] = [
        "service_days",
        "service_span_days",
        "first_service_month",
        "attendance_rate_before",
        "attendance_rate_after",
    ];
    let rate = |row: u32, window: &Attendance| {
        let days = window.settle(builder.rows[row as usize].year, &builder.reporting);
        days.rate().filter(|_| days.enrolled >= WINDOW_MIN)
    };
    let mut by_program: Vec<Vec<(u32, [i64; 5])>> = vec![Vec::new(); programs.len()];
    let mut windows = builder.windows.iter().peekable();
    for (row, program, totals) in &builder.services {
        // Windows were added with their services, and in their order.
        let own = windows.next_if(|(of_row, of_program, _)| (of_row, of_program) == (row, program));
        let rates = own.and_then(|(_, _, windows)| Some((rate(*row, &windows.0)?, rate(*row, &windows.1)?)));
        let (before, after) = rates.unwrap_or((MISSING, MISSING));
        let month = totals.first_month.map_or(MISSING, i64::from);
        let values = [totals.days.into(), totals.span_days.into(), month, before, after];
        by_program[places[*program as usize] as usize].push((position[*row as usize], values));
    }
    for (program, of_rows) in programs.iter().zip(by_program) {
        for (at, name) in NAMES.into_iter().enumerate() {
            let mut values = vec![if at < 2 { 0 } else { MISSING }; position.len()];
            for (row, of_row) in &of_rows {
                values[*row as usize] = of_row[at];
            }
            columns.insert(column_name(name, &[program.as_str()]), Column::pack(&values));
        }
    }
}
