//! The `throughline` program.

fn main() -> std::process::ExitCode {
    throughline::cli::run()
}
