# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes acmeutil.h: the module headers named in `mods`, from `dir`, in place of @MODULES@.
# Includes of sister headers are dropped, licence lines are said once.
function module(file,   line) {
	while ((getline line < file) > 0) {
		if (line ~ /^#include "/ || line ~ /SPDX-License-Identifier/)
			continue
		print line
	}
	close(file)
	print ""
}
/^@MODULES@$/ {
	n = split(mods, m, " ")
	for (i = 1; i <= n; i++)
		module(dir "/" m[i] ".h")
	next
}
{ print }
