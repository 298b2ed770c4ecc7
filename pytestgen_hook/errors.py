"""The one exception for what the user has to mend."""


class FatalError(Exception):
    """Something outside this program must change before it can go on (exit status 2).

    The message names the value at fault and, in its last sentence, the command or edit that mends it.
    """

    kind = "environment"  # what is at fault, for programs: see "error" in the schema of the report


class SettingsError(FatalError):
    """A setting, or a file of settings, makes no sense."""

    kind = "settings"


class ModelError(FatalError):
    """A model that is wanted is not here, does not fit, or cannot be read."""

    kind = "model"
