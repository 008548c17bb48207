"""The commands of `ddbha`."""
