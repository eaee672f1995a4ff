"""What the reader is made of: what is seen of a project, and what becomes of it."""
