//! Techniques, steps, entry points, attack paths, choke points, what-if.
