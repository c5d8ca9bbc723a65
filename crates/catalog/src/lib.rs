//! Techniques, control planes, entry points and feeds as text, validated and bound.
