"""A Home Assistant that lives in simulated time."""
