"""Reading DAG files: what Airflow makes of one, told as JSON, and the pipeline made of that.

``looking`` runs in a process of its own, where it imports the DAG file with Airflow; all else here
works on what it tells and on the source text, and imports neither.
"""
