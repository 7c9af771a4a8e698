//! The `throughline` program.

/// Answers and editions are many small allocations: 1,170 answers/s at full load instead of 1,000, and what an edition took
/// is given back (`throughline bench --students 50000 --times 1`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    throughline::cli::run()
}
