"""Devices that keep house: none of them moves a joule."""
