"""What writers of Python projects share: names, literals, the body of a task, carried modules.

It knows Python and nothing of any framework.
"""
