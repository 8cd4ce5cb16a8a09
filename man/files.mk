# SPDX-License-Identifier: LGPL-2.1-or-later
# Pages of section 1 are one a program (bin/files.mk); these are the others.
MAN7 = acme acme-challenges
