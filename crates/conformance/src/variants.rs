//! One case as several.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use toml::{Table, Value};

/// The values of one variant, by name.
type Variant = BTreeMap<String, Value>;

/// Multiplies a case by its `variants`, an array of tables: `{{key}}` anywhere in the case becomes the
/// value; a text that is nothing but `{{key}}` becomes the value as it is, a number for example. The
/// variant's `name`, else its number, is added to the case's name.
pub(crate) fn expand(case: Value) -> Result<Vec<Value>> {
    let Value::Table(mut table) = case else { anyhow::bail!("a case is a table") };
    let Some(variants) = table.remove("variants") else { return Ok(vec![Value::Table(table)]) };
    let variants: Vec<Table> = variants.try_into().context("variants")?;
    let numbered = variants.into_iter().zip(1..);
    numbered.map(|(variant, n)| one(&table, &variant.into_iter().collect(), n)).collect()
}

fn one(case: &Table, variant: &Variant, number: usize) -> Result<Value> {
    let mut case = Value::Table(case.clone());
    replace(&mut case, variant);
    let label = variant.get("name").and_then(Value::as_str);
    let label = label.map_or_else(|| number.to_string(), str::to_owned);
    let name = case.get_mut("name").context("a case without name")?;
    let full = format!("{} [{label}]", name.as_str().context("name")?);
    *name = Value::String(full);
    Ok(case)
}

fn replace(value: &mut Value, variant: &Variant) {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
            match whole.and_then(|key| variant.get(key)) {
                Some(whole) => *value = whole.clone(),
                None => *text = fill(text, variant),
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, variant)),
        Value::Table(table) => {
            let old = std::mem::take(table);
            for (key, mut value) in old {
                replace(&mut value, variant);
                table.insert(fill(&key, variant), value);
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn fill(text: &str, variant: &Variant) -> String {
    outpour_testkit::Template::new(text).fill(|name| {
        let value = variant.get(name)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies() {
        let case = r#"
            name = "id"
            step = [{ get = "/pub?id={{id}}", status = "{{status}}", body = "{{case}}" }]
            variants = [{ id = "a", status = 200 }, { id = "b", status = 404, name = "other" }]
        "#;
        let cases = expand(Value::Table(case.parse().unwrap())).unwrap();
        assert_eq!(cases[0]["name"].as_str(), Some("id [1]"));
        assert_eq!(cases[1]["name"].as_str(), Some("id [other]"));
        assert_eq!(cases[1]["step"][0]["get"].as_str(), Some("/pub?id=b"));
        assert_eq!(cases[1]["step"][0]["status"].as_integer(), Some(404));
        assert_eq!(cases[1]["step"][0]["body"].as_str(), Some("{{case}}"));
    }

    #[test]
    fn leaves_a_case_without_variants_alone() {
        let cases = expand(Value::Table("name = \"x\"".parse().unwrap())).unwrap();
        assert_eq!(cases.len(), 1);
    }
}
