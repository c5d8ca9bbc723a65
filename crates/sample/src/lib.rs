//! A demo organisation and collections of any size, written in the collectors' own formats.
