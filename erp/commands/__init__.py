"""The commands of `ref`, one file each."""
