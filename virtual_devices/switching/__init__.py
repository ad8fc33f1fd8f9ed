"""What stands between the supply and the loads."""
