//! `convert_angle`, `convert_energy`, `convert_force`, `convert_length`, `convert_mass`, `convert_speed`,
//! `convert_temperature`, `convert_volume`: the units that the documentation lists, by their exact definitions.
//!
//! An unknown unit yields null.

use std::f64::consts::PI;

use crate::arguments::{real, text};
use crate::{Datum, Kernel};

pub const FUNCTIONS: &[(&str, Kernel)] = &[
    ("convert_angle", |_, arguments| {
        convert(arguments, angle_to_degrees, degrees_to_angle)
    }),
    ("convert_energy", |_, arguments| by_factor(arguments, ENERGY)),
    ("convert_force", |_, arguments| by_factor(arguments, FORCE)),
    ("convert_length", |_, arguments| by_factor(arguments, LENGTH)),
    ("convert_mass", |_, arguments| by_factor(arguments, MASS)),
    ("convert_speed", |_, arguments| by_factor(arguments, SPEED)),
    ("convert_temperature", |_, arguments| {
        convert(arguments, temperature_to_kelvin, kelvin_to_temperature)
    }),
    ("convert_volume", |_, arguments| by_factor(arguments, VOLUME)),
];

/// Units and how many of the base unit they are.
type Factors = &'static [(&'static str, f64)];

fn by_factor(arguments: &[Datum<'_>], factors: Factors) -> Datum<'static> {
    let factor = |unit: &str| {
        factors
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, factor)| *factor)
    };
    convert(
        arguments,
        |unit, value| Some(value * factor(unit)?),
        |unit, value| Some(value / factor(unit)?),
    )
}

fn convert(
    arguments: &[Datum<'_>],
    to_base: impl Fn(&str, f64) -> Option<f64>,
    from_base: impl Fn(&str, f64) -> Option<f64>,
) -> Datum<'static> {
    let (Some(value), Some(from), Some(to)) = (real(arguments, 0), text(arguments, 1), text(arguments, 2)) else {
        return Datum::Null;
    };
    to_base(&from, value)
        .and_then(|base| from_base(&to, base))
        .map_or(Datum::Null, Datum::Real)
}

/// Of degrees.
const ANGLE: Factors = &[
    ("Arcminute", 1.0 / 60.0),
    ("Arcsecond", 1.0 / 3600.0),
    ("Centiradian", 1.8 / PI),
    ("Deciradian", 18.0 / PI),
    ("Degree", 1.0),
    ("Gradian", 0.9),
    ("Microdegree", 1e-6),
    ("Microradian", 180e-6 / PI),
    ("Millidegree", 1e-3),
    ("Milliradian", 180e-3 / PI),
    ("Nanodegree", 1e-9),
    ("Nanoradian", 180e-9 / PI),
    ("NatoMil", 9.0 / 160.0),
    ("Radian", 180.0 / PI),
    ("Revolution", 360.0),
];

fn angle_factor(unit: &str) -> Option<f64> {
    ANGLE.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

fn angle_to_degrees(unit: &str, value: f64) -> Option<f64> {
    match unit {
        // The sine of the angle.
        "Tilt" => Some(value.asin().to_degrees()),
        unit => Some(value * angle_factor(unit)?),
    }
}

fn degrees_to_angle(unit: &str, value: f64) -> Option<f64> {
    match unit {
        "Tilt" => Some(value.to_radians().sin()),
        unit => Some(value / angle_factor(unit)?),
    }
}

const BRITISH_THERMAL_UNIT: f64 = 1_055.055_852_62;
const ELECTRON_VOLT: f64 = 1.602_176_634e-19;
const THERM_US: f64 = 105_480_400.0;
const WATT_HOUR: f64 = 3600.0;
const WATT_DAY: f64 = 86_400.0;

/// Of joules.
const ENERGY: Factors = &[
    ("BritishThermalUnit", BRITISH_THERMAL_UNIT),
    ("Calorie", 4.184),
    ("DecathermEc", 1e6 * BRITISH_THERMAL_UNIT),
    ("DecathermImperial", 1e6 * BRITISH_THERMAL_UNIT),
    ("DecathermUs", 10.0 * THERM_US),
    ("ElectronVolt", ELECTRON_VOLT),
    ("Erg", 1e-7),
    ("FootPound", 1.355_817_948_331_400_4),
    ("GigabritishThermalUnit", 1e9 * BRITISH_THERMAL_UNIT),
    ("GigaelectronVolt", 1e9 * ELECTRON_VOLT),
    ("Gigajoule", 1e9),
    ("GigawattDay", 1e9 * WATT_DAY),
    ("GigawattHour", 1e9 * WATT_HOUR),
    ("HorsepowerHour", 2_684_519.537_696_173),
    ("Joule", 1.0),
    ("KilobritishThermalUnit", 1e3 * BRITISH_THERMAL_UNIT),
    ("Kilocalorie", 4184.0),
    ("KiloelectronVolt", 1e3 * ELECTRON_VOLT),
    ("Kilojoule", 1e3),
    ("KilowattDay", 1e3 * WATT_DAY),
    ("KilowattHour", 1e3 * WATT_HOUR),
    ("MegabritishThermalUnit", 1e6 * BRITISH_THERMAL_UNIT),
    ("Megacalorie", 4.184e6),
    ("MegaelectronVolt", 1e6 * ELECTRON_VOLT),
    ("Megajoule", 1e6),
    ("MegawattDay", 1e6 * WATT_DAY),
    ("MegawattHour", 1e6 * WATT_HOUR),
    ("Millijoule", 1e-3),
    ("TeraelectronVolt", 1e12 * ELECTRON_VOLT),
    ("TerawattDay", 1e12 * WATT_DAY),
    ("TerawattHour", 1e12 * WATT_HOUR),
    ("ThermEc", 1e5 * BRITISH_THERMAL_UNIT),
    ("ThermImperial", 1e5 * BRITISH_THERMAL_UNIT),
    ("ThermUs", THERM_US),
    ("WattDay", WATT_DAY),
    ("WattHour", WATT_HOUR),
];

const STANDARD_GRAVITY: f64 = 9.806_65;
const POUND_FORCE: f64 = 4.448_221_615_260_5;

/// Of newtons.
const FORCE: Factors = &[
    ("Decanewton", 10.0),
    ("Dyn", 1e-5),
    ("KilogramForce", STANDARD_GRAVITY),
    ("Kilonewton", 1e3),
    ("KiloPond", STANDARD_GRAVITY),
    ("KilopoundForce", 1e3 * POUND_FORCE),
    ("Meganewton", 1e6),
    ("Micronewton", 1e-6),
    ("Millinewton", 1e-3),
    ("Newton", 1.0),
    ("OunceForce", POUND_FORCE / 16.0),
    ("Poundal", 0.138_254_954_376),
    ("PoundForce", POUND_FORCE),
    ("ShortTonForce", 2e3 * POUND_FORCE),
    ("TonneForce", 1e3 * STANDARD_GRAVITY),
];

const FOOT: f64 = 0.3048;
const INCH: f64 = 0.0254;
const MILE: f64 = 1609.344;
const NAUTICAL_MILE: f64 = 1852.0;
const US_SURVEY_FOOT: f64 = 1200.0 / 3937.0;
const YARD: f64 = 0.9144;
const ASTRONOMICAL_UNIT: f64 = 149_597_870_700.0;
const LIGHT_YEAR: f64 = 9_460_730_472_580_800.0;
/// The distance at which an astronomical unit is a second of arc.
const PARSEC: f64 = ASTRONOMICAL_UNIT * 648_000.0 / PI;

/// Of metres.
const LENGTH: Factors = &[
    ("Angstrom", 1e-10),
    ("AstronomicalUnit", ASTRONOMICAL_UNIT),
    ("Centimeter", 1e-2),
    ("Chain", 66.0 * FOOT),
    ("DataMile", 6000.0 * FOOT),
    ("Decameter", 10.0),
    ("Decimeter", 0.1),
    ("DtpPica", INCH / 6.0),
    ("DtpPoint", INCH / 72.0),
    ("Fathom", 6.0 * FOOT),
    ("Foot", FOOT),
    ("Hand", 4.0 * INCH),
    ("Hectometer", 100.0),
    ("Inch", INCH),
    ("KilolightYear", 1e3 * LIGHT_YEAR),
    ("Kilometer", 1e3),
    ("Kiloparsec", 1e3 * PARSEC),
    ("LightYear", LIGHT_YEAR),
    ("MegalightYear", 1e6 * LIGHT_YEAR),
    ("Megaparsec", 1e6 * PARSEC),
    ("Meter", 1.0),
    ("Microinch", 1e-6 * INCH),
    ("Micrometer", 1e-6),
    ("Mil", 1e-3 * INCH),
    ("Mile", MILE),
    ("Millimeter", 1e-3),
    ("Nanometer", 1e-9),
    ("NauticalMile", NAUTICAL_MILE),
    ("Parsec", PARSEC),
    ("PrinterPica", 12.0 * INCH / 72.27),
    ("PrinterPoint", INCH / 72.27),
    ("Shackle", 90.0 * FOOT),
    ("SolarRadius", 695_510_000.0),
    ("Twip", INCH / 1440.0),
    ("UsSurveyFoot", US_SURVEY_FOOT),
    ("Yard", YARD),
];

const POUND: f64 = 0.453_592_37;

/// Of kilograms.
const MASS: Factors = &[
    ("Centigram", 1e-5),
    ("Decagram", 1e-2),
    ("Decigram", 1e-4),
    ("EarthMass", 5.9722e24),
    ("Grain", POUND / 7000.0),
    ("Gram", 1e-3),
    ("Hectogram", 0.1),
    ("Kilogram", 1.0),
    ("Kilopound", 1e3 * POUND),
    ("Kilotonne", 1e6),
    ("LongHundredweight", 112.0 * POUND),
    ("LongTon", 2240.0 * POUND),
    ("Megapound", 1e6 * POUND),
    ("Megatonne", 1e9),
    ("Microgram", 1e-9),
    ("Milligram", 1e-6),
    ("Nanogram", 1e-12),
    ("Ounce", POUND / 16.0),
    ("Pound", POUND),
    ("ShortHundredweight", 100.0 * POUND),
    ("ShortTon", 2e3 * POUND),
    ("Slug", POUND * STANDARD_GRAVITY / FOOT),
    ("SolarMass", 1.98947e30),
    ("Stone", 14.0 * POUND),
    ("Tonne", 1e3),
];

const PER_MINUTE: f64 = 1.0 / 60.0;
const PER_HOUR: f64 = 1.0 / 3600.0;

/// Of metres a second.
const SPEED: Factors = &[
    ("CentimeterPerHour", 1e-2 * PER_HOUR),
    ("CentimeterPerMinute", 1e-2 * PER_MINUTE),
    ("CentimeterPerSecond", 1e-2),
    ("DecimeterPerMinute", 0.1 * PER_MINUTE),
    ("DecimeterPerSecond", 0.1),
    ("FootPerHour", FOOT * PER_HOUR),
    ("FootPerMinute", FOOT * PER_MINUTE),
    ("FootPerSecond", FOOT),
    ("InchPerHour", INCH * PER_HOUR),
    ("InchPerMinute", INCH * PER_MINUTE),
    ("InchPerSecond", INCH),
    ("KilometerPerHour", 1e3 * PER_HOUR),
    ("KilometerPerMinute", 1e3 * PER_MINUTE),
    ("KilometerPerSecond", 1e3),
    ("Knot", NAUTICAL_MILE * PER_HOUR),
    ("MeterPerHour", PER_HOUR),
    ("MeterPerMinute", PER_MINUTE),
    ("MeterPerSecond", 1.0),
    ("MicrometerPerMinute", 1e-6 * PER_MINUTE),
    ("MicrometerPerSecond", 1e-6),
    ("MilePerHour", MILE * PER_HOUR),
    ("MillimeterPerHour", 1e-3 * PER_HOUR),
    ("MillimeterPerMinute", 1e-3 * PER_MINUTE),
    ("MillimeterPerSecond", 1e-3),
    ("NanometerPerMinute", 1e-9 * PER_MINUTE),
    ("NanometerPerSecond", 1e-9),
    ("UsSurveyFootPerHour", US_SURVEY_FOOT * PER_HOUR),
    ("UsSurveyFootPerMinute", US_SURVEY_FOOT * PER_MINUTE),
    ("UsSurveyFootPerSecond", US_SURVEY_FOOT),
    ("YardPerHour", YARD * PER_HOUR),
    ("YardPerMinute", YARD * PER_MINUTE),
    ("YardPerSecond", YARD),
];

const CUBIC_FOOT: f64 = FOOT * FOOT * FOOT;
const CUBIC_INCH: f64 = INCH * INCH * INCH;
const US_GALLON: f64 = 231.0 * CUBIC_INCH;
const IMPERIAL_GALLON: f64 = 0.004_546_09;
const LITER: f64 = 1e-3;

/// Of cubic metres.
const VOLUME: Factors = &[
    ("AcreFoot", 43_560.0 * CUBIC_FOOT),
    ("AuTablespoon", 2e-5),
    ("BoardFoot", CUBIC_FOOT / 12.0),
    ("Centiliter", 1e-2 * LITER),
    ("CubicCentimeter", 1e-6),
    ("CubicDecimeter", 1e-3),
    ("CubicFoot", CUBIC_FOOT),
    ("CubicHectometer", 1e6),
    ("CubicInch", CUBIC_INCH),
    ("CubicKilometer", 1e9),
    ("CubicMeter", 1.0),
    ("CubicMicrometer", 1e-18),
    ("CubicMile", MILE * MILE * MILE),
    ("CubicMillimeter", 1e-9),
    ("CubicYard", 27.0 * CUBIC_FOOT),
    ("Decaliter", 10.0 * LITER),
    ("DecausGallon", 10.0 * US_GALLON),
    ("Deciliter", 0.1 * LITER),
    ("DeciusGallon", 0.1 * US_GALLON),
    ("HectocubicFoot", 100.0 * CUBIC_FOOT),
    ("HectocubicMeter", 100.0),
    ("Hectoliter", 100.0 * LITER),
    ("HectousGallon", 100.0 * US_GALLON),
    ("ImperialBeerBarrel", 36.0 * IMPERIAL_GALLON),
    ("ImperialGallon", IMPERIAL_GALLON),
    ("ImperialOunce", IMPERIAL_GALLON / 160.0),
    ("ImperialPint", IMPERIAL_GALLON / 8.0),
    ("KilocubicFoot", 1e3 * CUBIC_FOOT),
    ("KilocubicMeter", 1e3),
    ("KiloimperialGallon", 1e3 * IMPERIAL_GALLON),
    ("Kiloliter", 1e3 * LITER),
    ("KilousGallon", 1e3 * US_GALLON),
    ("Liter", LITER),
    ("MegacubicFoot", 1e6 * CUBIC_FOOT),
    ("MegaimperialGallon", 1e6 * IMPERIAL_GALLON),
    ("Megaliter", 1e6 * LITER),
    ("MegausGallon", 1e6 * US_GALLON),
    ("MetricCup", 0.25 * LITER),
    ("MetricTeaspoon", 5e-3 * LITER),
    ("Microliter", 1e-6 * LITER),
    ("Milliliter", 1e-3 * LITER),
    ("OilBarrel", 42.0 * US_GALLON),
    ("UkTablespoon", 1.5e-5),
    ("UsBeerBarrel", 31.0 * US_GALLON),
    ("UsCustomaryCup", US_GALLON / 16.0),
    ("UsGallon", US_GALLON),
    ("UsLegalCup", 0.24 * LITER),
    ("UsOunce", US_GALLON / 128.0),
    ("UsPint", US_GALLON / 8.0),
    ("UsQuart", US_GALLON / 4.0),
    ("UsTablespoon", US_GALLON / 256.0),
    ("UsTeaspoon", US_GALLON / 768.0),
];

/// 0 degrees Celsius.
const ICE: f64 = 273.15;
/// 0 degrees Fahrenheit, in degrees of Rankine.
const FAHRENHEIT: f64 = 459.67;
/// The surface of the sun.
const SUN: f64 = 5778.0;

fn temperature_to_kelvin(unit: &str, value: f64) -> Option<f64> {
    Some(match unit {
        "Kelvin" => value,
        "DegreeCelsius" => value + ICE,
        "MillidegreeCelsius" => value / 1e3 + ICE,
        "DegreeDelisle" => ICE + 100.0 - value * 2.0 / 3.0,
        "DegreeFahrenheit" => (value + FAHRENHEIT) / 1.8,
        "DegreeNewton" => value * 100.0 / 33.0 + ICE,
        "DegreeRankine" => value / 1.8,
        "DegreeReaumur" => value * 1.25 + ICE,
        "DegreeRoemer" => (value - 7.5) * 40.0 / 21.0 + ICE,
        "SolarTemperature" => value * SUN,
        _ => return None,
    })
}

fn kelvin_to_temperature(unit: &str, value: f64) -> Option<f64> {
    Some(match unit {
        "Kelvin" => value,
        "DegreeCelsius" => value - ICE,
        "MillidegreeCelsius" => (value - ICE) * 1e3,
        "DegreeDelisle" => (ICE + 100.0 - value) * 1.5,
        "DegreeFahrenheit" => value * 1.8 - FAHRENHEIT,
        "DegreeNewton" => (value - ICE) * 0.33,
        "DegreeRankine" => value * 1.8,
        "DegreeReaumur" => (value - ICE) * 0.8,
        "DegreeRoemer" => (value - ICE) * 21.0 / 40.0 + 7.5,
        "SolarTemperature" => value / SUN,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call, r, s};

    #[test]
    fn conversions_are_those_of_the_documentation() {
        for (function, value, from, to, expected) in [
            ("convert_angle", 1.2, "Degree", "Arcminute", 72.0),
            ("convert_angle", 30.0, "Degree", "Tilt", 0.5),
            (
                "convert_energy",
                1.2,
                "Joule",
                "BritishThermalUnit",
                0.001_137_380_544_375_98,
            ),
            ("convert_force", 1.2, "Newton", "Decanewton", 0.12),
            ("convert_length", 1.2, "Meter", "Foot", 3.937_007_874_015_75),
            ("convert_mass", 1.2, "Kilogram", "Pound", 2.645_547_146_218_53),
            ("convert_speed", 1.2, "MeterPerSecond", "CentimeterPerHour", 432_000.0),
            ("convert_temperature", 100.0, "DegreeCelsius", "DegreeFahrenheit", 212.0),
            ("convert_temperature", 60.0, "DegreeRoemer", "DegreeDelisle", 0.0),
            ("convert_volume", 1.2, "CubicMeter", "AcreFoot", 0.000_972_856_8),
        ] {
            let Datum::Real(result) = call(function, &[r(value), s(from), s(to)]) else {
                panic!("{function}")
            };
            assert!(
                (result - expected).abs() <= 2e-6 * expected.max(1e-3),
                "{function} {result}"
            );
        }
        assert_eq!(call("convert_mass", &[r(1.0), s("Kilogram"), s("Stein")]), Datum::Null);
    }

    #[test]
    fn every_unit_converts_to_itself_and_has_one_factor() {
        for (function, factors) in [
            ("convert_angle", ANGLE),
            ("convert_energy", ENERGY),
            ("convert_force", FORCE),
            ("convert_length", LENGTH),
            ("convert_mass", MASS),
            ("convert_speed", SPEED),
            ("convert_volume", VOLUME),
        ] {
            for (index, (unit, _)) in factors.iter().enumerate() {
                let Datum::Real(result) = call(function, &[r(3.0), s(unit), s(unit)]) else {
                    panic!("{unit}")
                };
                assert!((result - 3.0).abs() < 1e-12, "{unit}");
                assert!(factors[..index].iter().all(|(other, _)| other != unit), "{unit} twice");
            }
        }
    }
}
