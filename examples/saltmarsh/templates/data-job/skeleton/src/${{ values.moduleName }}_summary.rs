//! From rows to a summary, one group per value of `${{ values.groupBy }}`.

use std::{collections::BTreeMap, error::Error, io::Read};

use serde::Serialize;

/// The column whose values make the groups.
const GROUP_BY: &str = "${{ values.groupBy }}";

/// What stands between two columns.
{%- if values.delimiter == "semicolon" %}
const DELIMITER: u8 = b';';
{%- elif values.delimiter == "tab" %}
const DELIMITER: u8 = b'\t';
{%- else %}
const DELIMITER: u8 = b',';
{%- endif %}

#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub rows: u64,
    pub groups: BTreeMap<String, Group>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Group {
    pub rows: u64,
    /// One entry per column that held at least one number.
    pub columns: BTreeMap<String, Numbers>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Numbers {
    pub count: u64,
    pub sum: f64,
    pub least: f64,
    pub most: f64,
}

impl Numbers {
    fn starting_with(value: f64) -> Self {
        Self {
            count: 1,
            sum: value,
            least: value,
            most: value,
        }
    }

    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }
}

/// Sums the rows up. Cells that are not numbers are counted as rows only.
pub fn summarise(input: impl Read) -> Result<Summary, Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(DELIMITER)
        .trim(csv::Trim::All)
        .from_reader(input);
    let headers = reader.headers()?.clone();
    let group_column = headers
        .iter()
        .position(|header| header == GROUP_BY)
        .ok_or_else(|| format!("there is no column `{GROUP_BY}`"))?;

    let mut summary = Summary::default();
    for record in reader.records() {
        let record = record?;
        let group = summary
            .groups
            .entry(record[group_column].to_owned())
            .or_default();
        summary.rows += 1;
        group.rows += 1;
        for (column, (header, cell)) in headers.iter().zip(&record).enumerate() {
            if column == group_column {
                continue;
            }
            if let Ok(value) = cell.parse::<f64>() {
                group
                    .columns
                    .entry(header.to_owned())
                    .and_modify(|numbers| numbers.add(value))
                    .or_insert_with(|| Numbers::starting_with(value));
            }
        }
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as a file would hold them, with the delimiter of this job.
    fn file(rows: &[&[&str]]) -> Vec<u8> {
        let delimiter = char::from(DELIMITER).to_string();
        let lines: Vec<_> = rows.iter().map(|row| row.join(&delimiter)).collect();
        lines.join("\n").into_bytes()
    }

    #[test]
    fn sums_up_each_group() {
        let input = file(&[
            &[GROUP_BY, "cars", "note"],
            &["HAR", "12", "fog"],
            &["SKE", "7", ""],
            &["HAR", "30", ""],
        ]);
        let summary = summarise(input.as_slice()).expect("a summary");
        assert_eq!(summary.rows, 3);
        assert_eq!(summary.groups["HAR"].rows, 2);
        let cars = summary.groups["HAR"].columns["cars"];
        assert_eq!((cars.count, cars.sum), (2, 42.0));
        assert_eq!((cars.least, cars.most), (12.0, 30.0));
        assert!(!summary.groups["HAR"].columns.contains_key("note"));
    }

    #[test]
    fn says_which_column_is_missing() {
        let input = file(&[&["other", "cars"], &["HAR", "12"]]);
        let error = summarise(input.as_slice()).expect_err("no such column");
        assert!(error.to_string().contains(GROUP_BY), "{error}");
    }
}
