# Unit tests, fuzz targets (replayed by make check), test programs and bats files.
UNIT_TESTS = t-clock t-url t-ident t-problem t-object
FUZZ_TARGETS =
