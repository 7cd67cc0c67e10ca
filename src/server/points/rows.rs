//! Rows as JSON again.

use super::table::Table;
use super::{Key, ingest::STEP};

/// Appends a number in its shortest form: integers without a point, NaN and infinities as bare tokens.
pub(super) fn push_number(number: f64, out: &mut String) {
    if number.fract() == 0.0
        && number.abs() <= 9_007_199_254_740_992.0
        && !(number == 0.0 && number.is_sign_negative())
    {
        out.push_str(&(number as i64).to_string());
    } else {
        crate::wire::json::write_float(number, out);
    }
}

/// Hands out the rows of a sorted table as JSON, while `take` wants more; `wanted` says which rows, all if `None`.
pub(super) fn write(
    table: &Table,
    key: Key,
    wanted: Option<&[usize]>,
    mut take: impl FnMut(i64, &str) -> bool,
) {
    let (ends, cells) = table.by_row();
    let mut rest = 0;
    let mut json = String::new();
    let count = wanted.map_or(table.rows(), <[usize]>::len);
    for at in 0..count {
        let row = wanted.map_or(at, |wanted| wanted[at]);
        json.clear();
        json.push('{');
        if key == Key::Step {
            json.push_str(&format!("\"{STEP}\":{}", table.keys[row]));
        }
        for (place, value) in &cells[ends[row]..ends[row + 1]] {
            let column = &table.columns[*place as usize];
            if column.ident.root.is_none() {
                separate(&mut json);
                json.push_str(&column.quoted);
                json.push(':');
                push_number(*value, &mut json);
            }
        }
        while table
            .rest
            .rows
            .get(rest)
            .is_some_and(|r| (*r as usize) < row)
        {
            rest += 1;
        }
        if table.rest.rows.get(rest) == Some(&(row as u32)) {
            separate(&mut json);
            // Without its opening brace.
            json.push_str(table.rest.get(rest).get(1..).unwrap_or("}"));
        } else {
            json.push('}');
        }
        if !take(table.keys[row], &json) {
            return;
        }
    }
}

fn separate(json: &mut String) {
    if json.len() > 1 {
        json.push(',');
    }
}
