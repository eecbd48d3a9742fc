//! The sourcestats report: what the samples of each source say together.

use crate::error::Error;
use crate::identity::{ReferenceId, SourceAddress};
use crate::reader::Reader;

/// Statistics of one source's samples, as `chronyc sourcestats` reports them.
///
/// The measured values are `None` while there is no sample; chronyd sends placeholders then.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SourceStats {
    /// Reference ID of the source; 0 for an unresolved name.
    pub reference_id: ReferenceId,
    /// Address, reference ID or number of an unresolved name; the key that joins reports.
    pub address: SourceAddress,
    /// Number of samples kept.
    pub samples: u32,
    /// Number of runs of residuals with the same sign; few runs for many samples: a straight line fits badly.
    pub runs: u32,
    /// Time between the oldest and the newest sample, seconds.
    pub span: u32,
    /// Standard deviation of the samples, seconds, 0 or more.
    pub std_dev: Option<f64>,
    /// Frequency of the source relative to this clock, ppm.
    pub resid_freq: Option<f64>,
    /// Error bound of the frequency, ppm, 0 or more.
    pub skew: Option<f64>,
    /// Estimated offset of the source, seconds; positive = this clock is ahead.
    pub offset: Option<f64>,
    /// Error bound of the offset, seconds, 0 or more.
    pub offset_err: Option<f64>,
}

impl SourceStats {
    /// Whether chronyd has the samples it needs for a frequency estimate (3, as in its selection).
    #[must_use]
    pub fn has_enough_samples(&self) -> bool {
        self.samples >= 3
    }

    pub(crate) fn decode_address(fields: &Reader<'_>) -> Result<SourceAddress, Error> {
        let reference_id = ReferenceId(fields.unsigned(c"reference ID")?);
        fields.source(c"address", Some(reference_id))
    }

    pub(crate) fn decode(fields: &Reader<'_>) -> Result<Self, Error> {
        let samples: u32 = fields.unsigned(c"samples")?;
        let sampled = |value: f64| (samples > 0).then_some(value);
        Ok(Self {
            reference_id: ReferenceId(fields.unsigned(c"reference ID")?),
            address: Self::decode_address(fields)?,
            samples,
            runs: fields.unsigned(c"runs")?,
            span: fields.unsigned(c"span")?,
            std_dev: sampled(fields.measure(c"standard deviation")?),
            resid_freq: sampled(fields.float(c"residual frequency")?),
            skew: sampled(fields.measure(c"skew")?),
            offset: sampled(fields.float(c"offset")?),
            offset_err: sampled(fields.measure(c"offset error")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;
    use crate::record::samples;
    use crate::report::ReportName;

    fn decode(changes: &[(&str, Value)]) -> SourceStats {
        let record = samples::source_stats(changes);
        SourceStats::decode(&Reader::new(&record, ReportName::SourceStats, 0)).unwrap()
    }

    #[test]
    fn placeholders_of_a_source_without_samples_are_none() {
        let stats = decode(&[
            ("samples", 0_u64.into()),
            ("standard deviation", 4.0.into()),
            ("skew", 2000.0.into()),
        ]);
        assert_eq!((stats.std_dev, stats.skew, stats.offset), (None, None, None));
        assert_eq!((stats.resid_freq, stats.offset_err), (None, None));
        assert!(!stats.has_enough_samples());
    }

    #[test]
    fn a_refclock_is_known_by_its_reference_id() {
        let stats = decode(&[("reference ID", 0x5050_5300_u64.into()), ("address", None.into())]);
        assert_eq!(stats.address, SourceAddress::Refclock(ReferenceId(0x5050_5300)));
    }
}
