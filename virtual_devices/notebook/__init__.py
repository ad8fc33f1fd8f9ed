"""Homes and their runs as objects, for notebooks and scripts: what ``import virtual_devices as vd`` offers as ``vd.Home``."""
