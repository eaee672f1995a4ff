"""Project settings; what is not set here is as Kedro has it by default.

See https://docs.kedro.org/en/stable/configure/configuration_basics/#configuration
"""
