#!/bin/sh
# autogen.sh - makes ./configure from configure.ac and Makefile.am, for a clone.
set -eu
cd "$(dirname "$0")"
command -v autoreconf >/dev/null || {
    echo "autogen.sh: autoreconf is missing (Debian, Ubuntu: apt-get install autoconf automake pkgconf)" >&2
    exit 1
}
exec autoreconf --install "$@"
