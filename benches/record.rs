//! Records of a run: what was measured, on which processor and at which commit.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs, io};

use criterion::Criterion;
use serde_json::Value;

/// Runs the groups of a benchmark and writes what they measured to `bench-records/NAME.md` in the target folder.
///
/// A run that measures nothing, as under `cargo test`, writes nothing. A record that can't be written is told and
/// doesn't fail the run.
pub fn run(name: &str, groups: fn()) {
    let start = SystemTime::now();
    groups();
    Criterion::default().configure_from_args().final_summary();
    match write(name, start) {
        Ok(Some(path)) => println!("record: {}", path.display()),
        Ok(None) => {}
        Err(e) => eprintln!("no record of this run was written: {e}"),
    }
}

fn write(name: &str, start: SystemTime) -> io::Result<Option<PathBuf>> {
    let target = target_folder()?;
    let results = env::var_os("CRITERION_HOME").map_or_else(|| target.join("criterion"), PathBuf::from);
    let mut rows = Vec::new();
    collect(&results, start, &mut rows)?;
    if rows.is_empty() {
        return Ok(None);
    }
    rows.sort_by_key(|row| row.measured);
    let mut table = String::from("Medians.\n\n| benchmark | time | throughput |\n|---|---|---|\n");
    for row in &rows {
        let throughput = row.work.as_ref().map_or_else(String::new, |work| work.in_time(row.nanoseconds));
        writeln!(table, "| {} | {} | {throughput} |", row.id, time(row.nanoseconds))
            .map_err(io::Error::other)?;
    }
    keep(name, &table).map(Some)
}

/// Writes a table, or another text, to `bench-records/NAME.md` in the target folder, with processor, compiler and commit before it.
///
/// # Errors
/// Whatever keeps the file from being written.
pub fn keep(name: &str, table: &str) -> io::Result<PathBuf> {
    let compiler = line_of("rustc", &["--version"]).unwrap_or_else(|| "rustc of unknown version".to_owned());
    let folder = target_folder()?.join("bench-records");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.md"));
    fs::write(&path, format!("# {name}\n\n{}; {compiler}; {}. {table}", cpu(), commit()))?;
    Ok(path)
}

/// The target folder: benchmarks lie in `TARGET/PROFILE/deps`.
fn target_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let folder = program.ancestors().nth(3).map(Path::to_owned);
    folder.ok_or_else(|| io::Error::other(format!("{} lies in no target folder", program.display())))
}

/// One benchmark.
struct Row {
    id: String,
    measured: SystemTime,
    nanoseconds: f64,
    work: Option<Work>,
}

/// What one iteration does.
struct Work {
    /// As Criterion names it: `Bits`, `Bytes`, `Elements`.
    unit: String,
    count: u64,
}

impl Work {
    fn in_time(&self, nanoseconds: f64) -> String {
        let millions = self.count as f64 / nanoseconds * 1e3;
        match self.unit.as_str() {
            "Bits" => format!("{millions:.1} Mbit/s"),
            "Bytes" | "BytesDecimal" => format!("{millions:.1} MB/s"),
            _ => format!("{millions:.3} M/s"),
        }
    }
}

/// The results below a folder that are younger than `start`.
fn collect(folder: &Path, start: SystemTime, rows: &mut Vec<Row>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let estimates = path.join("estimates.json");
        if path.ends_with("new") && estimates.exists() {
            let measured = fs::metadata(&estimates)?.modified()?;
            if measured >= start {
                rows.push(row(measured, &json(&path.join("benchmark.json"))?, &json(&estimates)?)?);
            }
        } else {
            collect(&path, start, rows)?;
        }
    }
    Ok(())
}

fn row(measured: SystemTime, benchmark: &Value, estimates: &Value) -> io::Result<Row> {
    let missing = |what| io::Error::other(format!("Criterion's results have no {what}"));
    let id = benchmark["full_id"].as_str().ok_or_else(|| missing("full_id"))?.to_owned();
    let nanoseconds =
        estimates["median"]["point_estimate"].as_f64().ok_or_else(|| missing("median of the time"))?;
    let work = benchmark["throughput"].as_object().and_then(|work| work.iter().next());
    let work = work.and_then(|(unit, count)| Some(Work { unit: unit.clone(), count: count.as_u64()? }));
    Ok(Row { id, measured, nanoseconds, work })
}

fn json(path: &Path) -> io::Result<Value> {
    let text = fs::read(path)?;
    serde_json::from_slice(&text).map_err(|e| io::Error::other(format!("{}: {e}", path.display())))
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.1} ns"),
        ..1e6 => format!("{:.2} us", nanoseconds / 1e3),
        ..1e9 => format!("{:.2} ms", nanoseconds / 1e6),
        _ => format!("{:.2} s", nanoseconds / 1e9),
    }
}

/// The processor's name, as its system tells.
fn cpu() -> String {
    let linux = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let name = linux.or_else(|| line_of("sysctl", &["-n", "machdep.cpu.brand_string"]));
    let best = diqkd_gf2::Backend::detect();
    format!(
        "{} ({}, {best})",
        name.unwrap_or_else(|| "processor of unknown name".to_owned()),
        env::consts::ARCH
    )
}

fn commit() -> String {
    let Some(commit) = line_of("git", &["rev-parse", "--short", "HEAD"]) else {
        return "commit unknown".to_owned();
    };
    let changed = line_of("git", &["status", "--porcelain", "--untracked-files=no"]).is_some();
    format!("commit {commit}{}", if changed { " with changes" } else { "" })
}

/// The first line that a program prints, if it runs and prints one.
fn line_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_have_median_and_throughput() {
        let benchmark = json!({"full_id": "toeplitz/plan/1e6", "throughput": {"Bits": 1_000_000}});
        let estimates = json!({"mean": {"point_estimate": 1.0}, "median": {"point_estimate": 500_000.0}});
        let row = row(SystemTime::UNIX_EPOCH, &benchmark, &estimates).unwrap();
        assert_eq!((row.id.as_str(), time(row.nanoseconds).as_str()), ("toeplitz/plan/1e6", "500.00 us"));
        assert_eq!(row.work.unwrap().in_time(row.nanoseconds), "2000.0 Mbit/s");
    }

    #[test]
    fn what_is_missing_is_told() {
        let refused = row(SystemTime::UNIX_EPOCH, &json!({"full_id": "a"}), &json!({})).err().unwrap();
        assert!(refused.to_string().contains("median"));
    }
}
