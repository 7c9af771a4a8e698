//! What services do in this city: the true effects that analyses of its files should find.

/// Sessions of tutoring from which on it has its effects.
pub(super) const TUTORING_SESSIONS: usize = 20;
/// Tenths of a scale point that tutoring adds to the next test, for each of [`SUBJECTS`].
pub(super) const TUTORING_SCORE: [i32; 2] = [80, 60];
/// Hundredths of a percent of days that tutoring takes from the rate of absence while it lasts.
pub(super) const TUTORING_ABSENCE: i32 = 200;
/// The same for the wraparound services.
pub(super) const WRAPAROUND_ABSENCE: i32 = 100;
/// Graduates in 10,000 whom the scholarship brings to college in the first fall.
pub(super) const SCHOLARSHIP_ENROLLMENT: i32 = 1_500;
/// College students in 10,000 whom the scholarship keeps for the second fall.
pub(super) const SCHOLARSHIP_PERSISTENCE: i32 = 800;

/// The subjects of the state test.
pub(super) const SUBJECTS: [&str; 2] = ["ELA", "MATH"];
/// The code of the state test.
pub(super) const TEST: &str = "STATE";
