# SPDX-License-Identifier: LGPL-2.1-or-later
# Puts the generated parts of a manual page in place. `table` is what the program
# printed for --help=mdoc: parts, each headed by a line "@NAME@" or "@NAME of-what@".
BEGIN {
	part_name = "^@[A-Z]+( [a-z0-9-]+)?@$"
	while ((getline line < table) > 0) {
		if (line ~ part_name)
			part = line
		else
			text[part] = text[part] line "\n"
	}
}
$0 ~ part_name {
	if (!($0 in text)) {
		print FILENAME ": no part " $0 > "/dev/stderr"
		exit 1
	}
	printf "%s", text[$0]
	next
}
{ print }
