"""The Metaflow adapter of bridge."""
