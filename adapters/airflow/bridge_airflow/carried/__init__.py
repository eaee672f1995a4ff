"""What an export carries for Airflow beside the modules that every export carries."""
