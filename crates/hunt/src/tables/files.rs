//! Files as tables (written with the coded columns of `lower`).
