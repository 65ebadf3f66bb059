"""Takes the checks of Resolve's driver away, one after the other: a test of the driver must fail each time."""
