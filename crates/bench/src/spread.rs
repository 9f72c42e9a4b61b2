//! The middle and the ends of repeated measurements.

/// Least, middle and greatest of some measurements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The least value.
    pub min: f64,
    /// The middle one; the upper of two.
    pub median: f64,
    /// The greatest value.
    pub max: f64,
}

impl Spread {
    /// The spread of `values`; `None` if there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            min: *values.first()?,
            median: *values.get(values.len() / 2)?,
            max: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads() {
        let check = |values: &[f64], expected: Option<(f64, f64, f64)>| {
            let spread = Spread::of(values.iter().copied());
            assert_eq!(spread.map(|spread| (spread.min, spread.median, spread.max)), expected);
        };
        check(&[], None);
        check(&[2.0], Some((2.0, 2.0, 2.0)));
        check(&[3.0, 1.0, 2.0], Some((1.0, 2.0, 3.0)));
        check(&[4.0, 1.0, 3.0, 2.0], Some((1.0, 3.0, 4.0)));
    }
}
