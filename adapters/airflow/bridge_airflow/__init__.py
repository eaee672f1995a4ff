"""The Airflow adapter of bridge."""
