# Unit tests, fuzz targets (replayed by make check), test programs and bats files.
UNIT_TESTS =
FUZZ_TARGETS =
