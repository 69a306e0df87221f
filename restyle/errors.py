"""What a person can mend: the scripts print it as one line and exit with status 1."""


class UserError(Exception):
    """A mistake of the user's: what was got, what was expected, and what to do about it."""
