"""Dashboards for Grafana: made of the catalogue of kinds, shipped as JSON."""
