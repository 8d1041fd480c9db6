//! What the settings page is called and coloured. A colour that people with weak eyes
//! cannot read is refused, with one that they can.

use super::Reader;
use std::fmt;

/// What WCAG 2.2 (1.4.3, level AA) asks of text against what is behind it.
const LEAST_CONTRAST: f64 = 4.5;

/// The darkest background that the page puts the colour on while it is light.
const LIGHT_GROUND: Colour = Colour([0xf4, 0xf5, 0xf7]);

/// The lightest background that it puts the colour on while it is dark.
const DARK_GROUND: Colour = Colour([0x22, 0x26, 0x2e]);

const BLACK: Colour = Colour([0, 0, 0]);
const WHITE: Colour = Colour([0xff, 0xff, 0xff]);

/// How the platform presents itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The platform's name, as its users know it.
    pub name: Option<String>,
    /// Of buttons and links.
    pub colour: Colour,
}

/// An opaque sRGB colour that is readable on the page's light backgrounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Default for Colour {
    fn default() -> Self {
        Self([0x1d, 0x4e, 0xd8])
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Why a colour is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ColourError {
    /// It is not written as colours are.
    #[error("is not a colour of the form rrggbb")]
    Malformed,
    /// Text of it could not be read.
    #[error("is too pale to be read on white: its contrast is {contrast:.1}, and 4.5 is needed")]
    Pale {
        /// Against the page's background (WCAG 2.2, "contrast ratio").
        contrast: f64,
        /// The nearest of the same hue that can be read.
        readable: Colour,
    },
}

impl ColourError {
    /// What to set instead.
    pub fn remedy(&self) -> String {
        match self {
            Self::Malformed => "six hexadecimal digits, for example 1d4ed8".to_owned(),
            Self::Pale { readable, .. } => {
                let readable = readable.to_string();
                let digits = readable.trim_start_matches('#');
                format!("{digits}, or another darker colour")
            }
        }
    }
}

impl Colour {
    /// Reads `rrggbb`, with or without a `#` in front: in a `.env` file that would begin a
    /// comment.
    ///
    /// # Errors
    /// See [`ColourError`].
    pub fn parse(text: &str) -> Result<Self, ColourError> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ColourError::Malformed);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| ColourError::Malformed)?;
        let [_, red, green, blue] = number.to_be_bytes();
        let colour = Self([red, green, blue]);
        let contrast = colour.contrast(LIGHT_GROUND);
        if contrast >= LEAST_CONTRAST {
            return Ok(colour);
        }
        let readable = colour.towards(BLACK, LIGHT_GROUND);
        Err(ColourError::Pale { contrast, readable })
    }

    /// The same hue as it is readable on dark backgrounds.
    #[must_use]
    pub fn on_dark(self) -> Self {
        self.towards(WHITE, DARK_GROUND)
    }

    /// The nearest mixture with `end` that is readable on `ground`.
    fn towards(self, end: Self, ground: Self) -> Self {
        const STEPS: u16 = 64;
        let mix = |step: u16| {
            let channel = |from: u8, to: u8| {
                let mixed = u16::from(from) * (STEPS - step) + u16::from(to) * step;
                u8::try_from(mixed / STEPS).unwrap_or(to)
            };
            let Self([r, g, b]) = self;
            let Self([to_r, to_g, to_b]) = end;
            Self([channel(r, to_r), channel(g, to_g), channel(b, to_b)])
        };
        (0..STEPS)
            .map(mix)
            .find(|mixed| mixed.contrast(ground) >= LEAST_CONTRAST)
            .unwrap_or(end)
    }

    /// WCAG 2.2, "contrast ratio": 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// WCAG 2.2, "relative luminance": 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let Self([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

impl Reader<'_> {
    pub(super) fn brand(&mut self) -> Brand {
        let name = self.environment.get("CALPORT_BRAND_NAME");
        let name = name.filter(|name| {
            let fits = name.chars().count() <= 60 && !name.chars().any(char::is_control);
            if !fits {
                let remedy = "a name of 60 characters or fewer";
                self.mistake("CALPORT_BRAND_NAME", "is too long or not printable", remedy);
            }
            fits
        });
        let colour = self
            .environment
            .get("CALPORT_BRAND_COLOR")
            .map(Colour::parse);
        let colour = colour.transpose().unwrap_or_else(|error| {
            self.mistake("CALPORT_BRAND_COLOR", &error.to_string(), &error.remedy());
            None
        });
        Brand {
            name: name.map(str::to_owned),
            colour: colour.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{KEY, SECRET, read};

    #[test]
    fn contrast_is_what_the_standard_says() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        assert!((Colour([0x76, 0x76, 0x76]).contrast(WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_that_is_taken_can_be_read_by_day_and_by_night() {
        let mut taken = 0;
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let colour = match Colour::parse(&Colour([red, green, blue]).to_string()) {
                        Ok(colour) => colour,
                        Err(ColourError::Pale { readable, .. }) => readable,
                        Err(ColourError::Malformed) => panic!("{red} {green} {blue}"),
                    };
                    taken += 1;
                    for ground in [LIGHT_GROUND, WHITE] {
                        assert!(colour.contrast(ground) >= LEAST_CONTRAST, "{colour}");
                    }
                    let dark = colour.on_dark();
                    assert!(
                        dark.contrast(DARK_GROUND) >= LEAST_CONTRAST,
                        "{colour} {dark}"
                    );
                }
            }
        }
        assert_eq!(taken, 18 * 18 * 18);
    }

    #[test]
    fn a_pale_colour_is_refused_with_one_that_can_be_read() {
        let error = Colour::parse("#ffcc00").unwrap_err();
        let ColourError::Pale { readable, .. } = error else {
            panic!("{error}")
        };
        assert!(Colour::parse(&readable.to_string()).is_ok(), "{readable}");
        let named = error.remedy();
        let named = named.split(',').next().unwrap();
        assert_eq!(Colour::parse(named), Ok(readable));
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in [
            "", "red", "#fff", "#12345g", "##1d4ed8", "#1d4ed80", "#1d4e+8", "#;}b{x",
        ] {
            assert_eq!(Colour::parse(text), Err(ColourError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_brand_that_cannot_be_shown_or_read_is_refused_with_a_remedy() {
        let brand = |name: &str, colour: &str| {
            read(&[
                ("CALPORT_KEYS", KEY),
                ("CALPORT_JWT_SECRET", SECRET),
                ("CALPORT_PLATFORM_TOKEN", SECRET),
                ("CALPORT_BRAND_NAME", name),
                ("CALPORT_BRAND_COLOR", colour),
            ])
        };
        let fine = brand("Brightside", "0b6b3a").unwrap().brand;
        assert_eq!(fine.name.as_deref(), Some("Brightside"));
        assert_eq!(fine.colour.to_string(), "#0b6b3a");
        assert_eq!(brand("", "").unwrap().brand, Brand::default());
        for (name, colour, named) in [
            (&*"x".repeat(61), "", "CALPORT_BRAND_NAME"),
            ("", "yellow", "CALPORT_BRAND_COLOR"),
            ("", "ffcc00", "CALPORT_BRAND_COLOR"),
        ] {
            let error = brand(name, colour).unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains("Set it to"),
                "{error}"
            );
        }
    }
}
