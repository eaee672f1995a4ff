"""Small modules that run tasks: values, files, objects, commands and notebooks.

Each stands alone on the standard library, so that a project can take along the ones it needs.
"""
