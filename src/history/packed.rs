//! The series of a source in 12 bytes a reading and 35 a bucket, as there are many sources.
//!
//! Of a bucket the mean is exact, as are values that are all equal. The least and the greatest are kept
//! as their distances to the mean, with nine significant bits: within 1/256 of the distance, nearly
//! always within half of that. What was never negative does not become so. Counts, which are weights
//! only, end at 65,535.
//!
//! Reach is what the register says. Its mean is kept in 4096ths of a poll, least and greatest are exact.
//!
//! What is unpacked packs to the same again, so that nothing changes by being written and read.

use super::cell::Cell;
use super::form::Form;
use super::note::SOURCE_SERIES;

const SERIES: usize = SOURCE_SERIES.len();
/// The place of `reach` among the series.
const REACH: usize = 2;
/// The parts of a poll that the mean of reach is kept in; a power of two, so that whole ones are exact.
const PARTS: f32 = 4096.0;
/// Polls that the register remembers.
const POLLS: f32 = 8.0;
/// How many bits of an f32 a distance does without.
const DROPPED: u32 = 15;
/// The greatest distance that is finite.
const FARTHEST: u32 = 0xfeff;

/// The form of a source's series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed;

/// The cells of a source's bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells {
    /// All series but reach.
    spreads: [Spread; SERIES - 1],
    reach: Reach,
}

/// Some values of a series.
#[derive(Debug, Clone, Copy)]
#[repr(Rust, packed)]
struct Spread {
    mean: f32,
    /// From the least to the mean.
    below: u16,
    /// From the mean to the greatest.
    above: u16,
    count: u16,
}

/// Some numbers of answered polls.
#[derive(Debug, Clone, Copy)]
#[repr(Rust, packed)]
struct Reach {
    mean: u16,
    count: u16,
    /// The least in the lower four bits, the greatest in the upper.
    ends: u8,
}

impl Form<SERIES> for Packed {
    /// All but reach.
    type Values = [f32; SERIES - 1];
    type Cells = Cells;

    fn hold([offset, error, _, delay]: [f32; SERIES]) -> Self::Values {
        [offset, error, delay]
    }

    fn value([offset, error, delay]: &Self::Values, register: u8, series: usize) -> f32 {
        let reach = f32::from(u8::try_from(register.count_ones()).unwrap_or(0));
        [*offset, *error, reach, *delay][series]
    }

    fn pack([offset, error, reach, delay]: [Cell; SERIES]) -> Cells {
        Cells { spreads: [offset, error, delay].map(Spread::new), reach: Reach::new(reach) }
    }

    fn cell(Cells { spreads, reach }: &Cells, series: usize) -> Cell {
        match series {
            REACH => reach.cell(),
            before if before < REACH => spreads[before].cell(),
            after => spreads[after - 1].cell(),
        }
    }
}

impl Spread {
    fn new(Cell { min, mean, max, count }: Cell) -> Self {
        if count == 0 {
            return Self { mean: f32::NAN, below: 0, above: 0, count: 0 };
        }
        let ends = |min, max| (distance(min, mean), distance(mean, max));
        let (below, above) = ends(min, max);
        // An f32 may not be so near to them: what counts is where they are unpacked.
        let (mut below, above) = ends(at(mean, -length(below)), at(mean, length(above)));
        if min >= 0.0 && at(mean, -length(below)) < 0.0 {
            below -= 1;
        }
        Self { mean, below, above, count: weight(count) }
    }

    fn cell(self) -> Cell {
        let Self { mean, below, above, count } = self;
        if count == 0 {
            return Cell::NONE;
        }
        let (min, max) = (at(mean, -length(below)), at(mean, length(above)));
        Cell { min, mean, max, count: count.into() }
    }
}

impl Reach {
    fn new(Cell { min, mean, max, count }: Cell) -> Self {
        if count == 0 {
            return Self { mean: 0, count: 0, ends: 0 };
        }
        let [min, mean, max] =
            [min.floor(), mean * PARTS, max.ceil()].map(|value| value.clamp(0.0, POLLS * PARTS));
        let ends = whole(min.min(POLLS)) | whole(max.min(POLLS)) << 4;
        Self { mean: whole(mean), count: weight(count), ends: ends.to_le_bytes()[0] }
    }

    fn cell(self) -> Cell {
        if self.count == 0 {
            return Cell::NONE;
        }
        let mean = f32::from(self.mean) / PARTS;
        let (min, max) = (f32::from(self.ends & 0xf), f32::from(self.ends >> 4));
        Cell { min, mean, max, count: self.count.into() }
    }
}

fn weight(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn whole(value: f32) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    let value = value.round() as u16;
    value
}

/// How far it is from one value to another that is not less: the upper bits of half of it, which is
/// finite whatever the two are. Where two are as near, the even one is taken.
fn distance(from: f32, to: f32) -> u16 {
    let half = (f64::from(to) - f64::from(from)).abs() / 2.0;
    #[expect(clippy::cast_possible_truncation, reason = "rounded to what is kept below")]
    let bits = (half as f32).to_bits();
    let nearest = (bits + (1 << (DROPPED - 1)) - 1 + (bits >> DROPPED & 1)) >> DROPPED;
    u16::try_from(nearest.min(FARTHEST)).unwrap_or(0)
}

fn length(distance: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(distance) << DROPPED)) * 2.0
}

/// The value so far from another.
fn at(value: f32, length: f64) -> f32 {
    let exact = (f64::from(value) + length).clamp(f32::MIN.into(), f32::MAX.into());
    #[expect(clippy::cast_possible_truncation, reason = "rounded to what is kept")]
    let value = exact as f32;
    value
}

#[cfg(test)]
mod tests {
    use super::super::cell::{Sum, single};
    use super::super::form::Exact;
    use super::super::grid::{Grid, time};
    use super::super::track::{Bucket, Plan, Raw, Track};
    use super::*;

    /// The same numbers each time.
    struct Random(u64);

    impl Random {
        fn bits(&mut self) -> u32 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            u32::try_from(self.0 >> 32).unwrap()
        }

        fn below(&mut self, end: u32) -> u32 {
            self.bits() % end
        }

        /// Any value of f32.
        fn value(&mut self) -> f32 {
            loop {
                let value = f32::from_bits(self.bits());
                if value.is_finite() {
                    return value;
                }
            }
        }
    }

    /// The value so many further among those of f32.
    fn further(value: f32, steps: i64) -> f32 {
        let place = |value: f32| {
            let size = i64::from(value.abs().to_bits());
            if value < 0.0 { -size } else { size }
        };
        let most = place(f32::MAX);
        let place = (place(value) + steps).clamp(-most, most);
        let size = f32::from_bits(u32::try_from(place.abs()).unwrap());
        if place < 0 { -size } else { size }
    }

    fn assert_packs_well(cell: Cell) {
        let packed = Spread::new(cell);
        let found = packed.cell();
        assert_eq!(found.mean.to_bits(), cell.mean.to_bits(), "{cell:?}");
        assert_eq!(found.count, cell.count.min(65_535));
        assert!(found.min.is_finite() && found.max.is_finite(), "{cell:?}: {found:?}");
        assert!(found.min <= found.mean && found.mean <= found.max, "{cell:?}: {found:?}");
        for (found, end) in [(found.min, cell.min), (found.max, cell.max)] {
            let far = (f64::from(end) - f64::from(cell.mean)).abs();
            let off = (f64::from(found) - f64::from(end)).abs();
            // What is smaller than any clock can tell has fewer bits.
            assert!(off <= far / 256.0 + 1e-39, "{cell:?}: {found} for {end}");
        }
        assert!(cell.min < 0.0 || found.min >= 0.0, "{cell:?}: {found:?}");
        assert_eq!(format!("{:?}", Spread::new(found)), format!("{packed:?}"), "{cell:?}");
    }

    fn cell(values: [f32; 3], count: u32) -> Cell {
        let mut values = values;
        values.sort_by(f32::total_cmp);
        let [min, mean, max] = values;
        Cell { min, mean, max, count }
    }

    #[test]
    fn a_source_takes_20_bytes_a_reading_and_40_a_bucket() {
        assert_eq!(size_of::<Raw<Packed, SERIES>>(), 20);
        assert_eq!(size_of::<Bucket<Packed, SERIES>>(), 40);
    }

    #[test]
    fn what_is_packed_is_near_finite_in_order_and_packs_to_the_same_again() {
        let rounds = if cfg!(miri) { 20 } else { 300_000 };
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        for round in 0..rounds {
            let count = 1 + random.below(100_000);
            // Anything at all.
            let any = random.value();
            assert_packs_well(cell([any, random.value(), random.value()], count));
            // Close together; also beside powers of two, where the distance of two values changes.
            let power = f32::from_bits(any.to_bits() & 0xff80_0000);
            for mean in [any, power, further(power, random.below(7).into())] {
                let widest = 2_u32 << random.below(25);
                let mut near = |sign: i64| sign * i64::from(random.below(widest));
                let (min, max) = (further(mean, near(-1)), further(mean, near(1)));
                assert_packs_well(cell([min, mean, max], count));
            }
            // As sources are.
            let spread = 10_f32.powi(-i32::try_from(random.below(12)).unwrap());
            let part = |bits: u32| single(f64::from(bits) / f64::from(u32::MAX));
            let mut around = || (part(random.bits()) - 0.3) * spread;
            assert_packs_well(cell([around(), around(), around()], round + 1));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many cases take Miri too long")]
    fn the_smallest_the_greatest_and_nothing_pack_well() {
        let least = f32::from_bits(1);
        let ends = [0.0, -0.0, least, f32::MIN_POSITIVE, 1e-9, 1.0, 3e38, f32::MAX];
        let values = || ends.into_iter().flat_map(|value| [value, -value]);
        for (min, mean) in values().flat_map(|min| values().map(move |mean| (min, mean))) {
            for max in values() {
                assert_packs_well(cell([min, mean, max], 1));
            }
            let one = Spread::new(cell([mean; 3], 1)).cell();
            assert_eq!([one.min, one.mean, one.max], [mean; 3]);
        }
        // Zero below zero, as it is no less.
        assert_packs_well(Cell { min: 0.0, mean: -0.0, max: -0.0, count: 2 });
        let none = Packed::pack([Cell::NONE; SERIES]);
        for series in 0..SERIES {
            let none = Packed::cell(&none, series);
            assert!(none.count == 0 && none.mean.is_nan(), "{none:?}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many cases take Miri too long")]
    fn reach_is_exact_but_for_a_small_part_of_its_mean() {
        for (least, greatest) in (0..=8_u8).flat_map(|one| (one..=8).map(move |two| (one, two))) {
            let (min, max) = (f32::from(least), f32::from(greatest));
            for part in 0..=60_u8 {
                let mean = (min + (max - min) * f32::from(part) / 60.0).clamp(min, max);
                let found = Reach::new(Cell { min, mean, max, count: 70_000 }).cell();
                assert_eq!((found.min, found.max, found.count), (min, max, 65_535));
                assert!((min..=max).contains(&found.mean), "{found:?}");
                assert!((found.mean - mean).abs() <= 0.5 / PARTS, "{found:?} for {mean}");
                assert_eq!(Reach::new(found).cell(), found);
                assert!(mean.fract() != 0.0 || found.mean == mean, "{found:?} for {mean}");
            }
        }
        // A damaged file may say anything.
        for value in [-1.0, 2.5, 1e30, f32::MAX] {
            let found = Reach::new(Cell { min: value, mean: value, max: value, count: 1 }).cell();
            assert!(0.0 <= found.min && found.min <= found.mean, "{found:?}");
            assert!(found.mean <= found.max && found.max <= 8.0, "{found:?}");
        }
        for register in 0..=u8::MAX {
            let reach = Packed::value(&Packed::hold([0.0; SERIES]), register, REACH);
            assert_eq!(f64::from(reach), f64::from(register.count_ones()));
        }
    }

    /// The values of a source at a time: they jump about and drift, and now and then some are missing.
    fn values(random: &mut Random, register: u8) -> [f32; SERIES] {
        let mut part = || f64::from(random.bits()) / f64::from(u32::MAX);
        let far = if part() < 0.01 { 50.0 } else { 1.0 };
        let delay = if part() < 0.2 { f64::NAN } else { 0.02 + part().powi(9) * far };
        let offset = (part() - 0.4) * 1e-4 * far;
        [offset, part() * 1e-3, register.count_ones().into(), delay].map(single)
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn from_grain_to_grain_the_ends_stay_near_and_means_exact() {
        const START: u32 = 1_699_920_000;
        let plan = Plan { raw: 360, buckets: [3600, 43_200, 86_400], length: u32::MAX };
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let (mut packed, mut exact) = (Track::<Packed, 4>::new(), Track::<Exact, 4>::new());
        let last = START + 3 * 86_400 + 3600;
        for second in (START..=last).step_by(17) {
            let register = random.bits().to_le_bytes()[0] | 0x81;
            let values = values(&mut random, register);
            packed.push(Raw::new(second, register, values));
            packed.thin(second, &plan);
            exact.push(Raw::new(second, register, values));
            exact.thin(second, &plan);
        }
        assert!(packed.buckets.iter().all(|list| list.len() > 1), "a grain is not reached");
        // Of each grain, how often what is held was packed.
        for (from, step, times) in [
            (last - 300, 5, 0.0),
            (last - 3600, 60, 1.0),
            (last - 43_200, 600, 2.0),
            (last - 86_400, 3600, 3.0),
            (START, 86_400, 4.0),
        ] {
            let grid = Grid::new(time(from), time(last), 50_000, step);
            assert_eq!(packed.registers(&grid), exact.registers(&grid));
            for series in 0..SERIES {
                let (found, expected) = (packed.points(series, &grid), exact.points(series, &grid));
                assert!(expected.iter().any(Option::is_some));
                for (found, expected) in found.into_iter().zip(expected) {
                    let Some(expected) = expected else {
                        assert_eq!(found, None);
                        continue;
                    };
                    let found = found.unwrap();
                    if series == REACH {
                        assert_eq!((found.min, found.max), (expected.min, expected.max));
                        assert!((found.mean - expected.mean).abs() < times / 4096.0 + 1e-6);
                        continue;
                    }
                    let bound = (expected.max - expected.min) * times / 256.0;
                    assert!((found.min - expected.min).abs() <= bound, "{found:?} {expected:?}");
                    assert!((found.max - expected.max).abs() <= bound, "{found:?} {expected:?}");
                    assert_eq!(found.mean, expected.mean, "{found:?} {expected:?}");
                }
            }
        }
    }

    #[test]
    fn a_sum_of_packed_cells_has_their_ends() {
        let mut sum = Sum::NONE;
        for values in [[1.0, 2.0, 4.0], [-8.0, 0.0, 0.0]] {
            sum.cell(Spread::new(cell(values, 2)).cell());
        }
        assert_eq!(sum.to_cell(), Cell { min: -8.0, mean: 1.0, max: 4.0, count: 4 });
    }
}
