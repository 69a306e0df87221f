"""The flags of a program as settings: kept with a result, and taken up again by a resumed run."""

from collections.abc import Collection, Mapping
from typing import Any

from absl import flags

from restyle.errors import UserError
from restyle.programs.command_line import headed_groups
from restyle.programs.objective_flags import preset_settings
from restyle.record.run_folder import RunFolder

FLAGS = flags.FLAGS


def settings(not_settings: Collection[str]) -> dict[str, Any]:
    """All flags that shape the result, by name, with what the preset makes of them.

    not_settings: names of flags that do not, and of other names for a flag.
    """
    named = [flag for group in headed_groups().values() for flag in group]
    values = {flag.name: flag.value for flag in named if flag.name not in not_settings}
    return values | preset_settings()


def take_settings(
    folder: RunFolder, current: Mapping[str, Any], also_fixed: Collection[str]
) -> None:
    """Sets the flags to those of the run in a folder.

    current: `settings` of this program. also_fixed: further flags that must not be given with
    --resume.
    """
    stored = folder.config()
    if stored.keys() != current.keys():
        raise UserError(
            f"'{folder.path}' holds a run of another program or version. Give the folder of a run "
            "that this program and version made."
        )
    for name in [*stored, *also_fixed]:
        if FLAGS[name].present:
            raise UserError(
                f"Got --{name} together with --resume: a run goes on with its own settings. "
                f"Drop --{name}, or begin another run."
            )
    for name, value in stored.items():
        FLAGS[name].value = value
        FLAGS[name].present = 1  # A preset changes only what was not given.
