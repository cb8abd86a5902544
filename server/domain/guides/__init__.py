"""Training guides: documents of prose and of scored items, corrected by hand and made into datasets."""
