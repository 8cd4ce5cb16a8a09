# Pages of section 1 are one a program (bin/files.mk); these are the others.
MAN7 = acme acme-challenges
