"""What stands behind the command lines: flags, tasks, progress, errors in one line."""
