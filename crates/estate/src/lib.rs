//! Facts to assets: fold, entity resolution, findings, classification.
