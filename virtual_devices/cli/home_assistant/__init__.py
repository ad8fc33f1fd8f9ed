"""Subcommands of ``virtual-devices ha``, one file each."""
