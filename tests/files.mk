# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests, fuzz targets (replayed by make check), test programs and bats files.
UNIT_TESTS = tests/unit/t-err tests/unit/t-mem tests/unit/t-buf tests/unit/t-b64 tests/unit/t-json tests/unit/t-fdio tests/unit/t-clock tests/unit/t-url tests/unit/t-ident tests/unit/t-problem tests/unit/t-object tests/unit/t-key tests/unit/t-jwk tests/unit/t-jws tests/unit/t-der tests/unit/t-pem tests/unit/t-san tests/unit/t-csr tests/unit/t-cert tests/unit/t-renewal tests/unit/t-http tests/unit/t-chall
FUZZ_TARGETS = tests/fuzz/fuzz-chain tests/fuzz/fuzz-csr tests/fuzz/fuzz-json tests/fuzz/fuzz-reader tests/fuzz/fuzz-problem tests/fuzz/fuzz-object tests/fuzz/fuzz-ident tests/fuzz/fuzz-clock tests/fuzz/fuzz-key tests/fuzz/fuzz-jwk tests/fuzz/fuzz-jws
TEST_TOOLS = tests/tools/webdir tests/tools/httpget tests/tools/rawserve
tests_tools_rawserve_SOURCES = tests/tools/rawserve.c tests/tools/rawserve-script.c tests/tools/rawserve-tls.c tests/tools/rawserve.h
