import pytest

from restyle.errors import UserError


def message_of(function, *arguments, **options):
    """The one line with which a call is refused."""
    with pytest.raises(UserError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)
