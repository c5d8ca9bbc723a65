//! Distances on the Earth: `geo_distance_2points`, `geo_point_in_circle`. Nothing else of the geo functions.

use crate::arguments::{boolean, real};
use crate::{Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("geo_distance_2points", |_, arguments| {
        let on_spheroid = arguments.len() > 4 && boolean(arguments, 4) == Some(true);
        match point(arguments, 0).zip(point(arguments, 2)) {
            Some((from, to)) if on_spheroid => on_the_spheroid(from, to).map_or(Datum::Null, Datum::Real),
            Some((from, to)) => Datum::Real(on_the_sphere(from, to)),
            None => Datum::Null,
        }
    }),
    ("geo_point_in_circle", |_, arguments| {
        let radius = real(arguments, 4).filter(|radius| radius.is_finite() && *radius >= 0.0);
        match (point(arguments, 0), point(arguments, 2), radius) {
            (Some(point), Some(center), Some(radius)) => Datum::Bool(on_the_sphere(point, center) <= radius),
            _ => Datum::Null,
        }
    }),
];

/// Metres. The radius that makes the documented distances.
const EARTH_RADIUS: f64 = 6_371_010.0;

/// Longitude and latitude in radians.
type Point = (f64, f64);

fn point(arguments: &[Datum<'_>], index: usize) -> Option<Point> {
    let longitude = real(arguments, index).filter(|degrees| (-180.0..=180.0).contains(degrees))?;
    let latitude = real(arguments, index + 1).filter(|degrees| (-90.0..=90.0).contains(degrees))?;
    Some((longitude.to_radians(), latitude.to_radians()))
}

/// Along a great circle, by the haversine formula.
fn on_the_sphere(from: Point, to: Point) -> f64 {
    let half_chord = |a: f64, b: f64| ((b - a) / 2.0).sin().powi(2);
    let square = half_chord(from.1, to.1) + from.1.cos() * to.1.cos() * half_chord(from.0, to.0);
    2.0 * EARTH_RADIUS * square.sqrt().min(1.0).asin()
}

/// On the spheroid of WGS 84, by Vincenty's formula. `None`: nearly opposite points, for which it has no result.
fn on_the_spheroid(from: Point, to: Point) -> Option<f64> {
    const EQUATOR: f64 = 6_378_137.0;
    const FLATTENING: f64 = 1.0 / 298.257_223_563;
    const POLE: f64 = EQUATOR * (1.0 - FLATTENING);
    const ROUNDS: usize = 200;
    if from == to {
        return Some(0.0);
    }
    let (sin1, cos1) = ((1.0 - FLATTENING) * from.1.tan()).atan().sin_cos();
    let (sin2, cos2) = ((1.0 - FLATTENING) * to.1.tan()).atan().sin_cos();
    let difference = to.0 - from.0;
    let mut lambda = difference;
    for _ in 0..ROUNDS {
        let (sin_lambda, cos_lambda) = lambda.sin_cos();
        let sin_sigma = ((cos2 * sin_lambda).powi(2) + (cos1 * sin2 - sin1 * cos2 * cos_lambda).powi(2)).sqrt();
        if sin_sigma == 0.0 {
            return Some(0.0);
        }
        let cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_lambda;
        let sigma = sin_sigma.atan2(cos_sigma);
        let sin_alpha = cos1 * cos2 * sin_lambda / sin_sigma;
        let cos_square = 1.0 - sin_alpha * sin_alpha;
        // Along the equator the cosine is 0 and the term vanishes.
        let middle = if cos_square == 0.0 {
            0.0
        } else {
            cos_sigma - 2.0 * sin1 * sin2 / cos_square
        };
        let c = FLATTENING / 16.0 * cos_square * (4.0 + FLATTENING * (4.0 - 3.0 * cos_square));
        let before = lambda;
        lambda = difference
            + (1.0 - c)
                * FLATTENING
                * sin_alpha
                * (sigma + c * sin_sigma * (middle + c * cos_sigma * (2.0 * middle * middle - 1.0)));
        if (lambda - before).abs() < 1e-12 {
            let square = cos_square * (EQUATOR * EQUATOR - POLE * POLE) / (POLE * POLE);
            let a = 1.0 + square / 16384.0 * (4096.0 + square * (-768.0 + square * (320.0 - 175.0 * square)));
            let b = square / 1024.0 * (256.0 + square * (-128.0 + square * (74.0 - 47.0 * square)));
            let inner = cos_sigma * (2.0 * middle * middle - 1.0)
                - b / 6.0 * middle * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * middle * middle - 3.0);
            let correction = b * sin_sigma * (middle + b / 4.0 * inner);
            return Some(POLE * a * (sigma - correction));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, r};

    fn reals(values: &[f64]) -> Vec<Datum<'static>> {
        values.iter().copied().map(r).collect()
    }

    #[test]
    fn distances_are_those_of_the_documentation() {
        let points = [-122.407628, 47.578557, -118.275287, 34.019056];
        let Datum::Real(distance) = call("geo_distance_2points", &reals(&points)) else {
            panic!("no distance")
        };
        assert!((distance - 1_546_754.351_973_81).abs() < 1e-6, "{distance}");
        assert_eq!(
            call("geo_distance_2points", &reals(&[300.0, 0.0, 0.0, 0.0])),
            Datum::Null
        );
    }

    /// From the paper that gave the formula: Flinders Peak to Buninyong, on nearly this spheroid.
    #[test]
    fn the_spheroid_is_not_the_sphere() {
        let mut points = reals(&[144.424_867_89, -37.951_033_42, 143.926_495_53, -37.652_821_14]);
        points.push(Datum::Bool(true));
        let Datum::Real(distance) = call("geo_distance_2points", &points) else {
            panic!("no distance")
        };
        assert!((distance - 54_972.271).abs() < 0.01, "{distance}");
    }

    #[test]
    fn a_circle_holds_its_inside() {
        let is_in = |longitude, latitude, radius| {
            call(
                "geo_point_in_circle",
                &reals(&[longitude, latitude, -122.317404, 47.609119, radius]),
            )
        };
        assert_eq!(is_in(-122.201741, 47.677084, 18_000.0), Datum::Bool(true));
        assert_eq!(is_in(-122.443663, 47.247092, 18_000.0), Datum::Bool(false));
        assert_eq!(is_in(-122.201741, 47.677084, -1.0), Datum::Null);
    }
}
