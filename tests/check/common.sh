# common - what the checks share; each sources it and calls check_main "$@".
#
#     CHECK [SRCDIR [PROGRAM]]      prints "file:line: what" for each fault; exits 1 where there is one
#     CHECK --self-test [SRCDIR]    proves that the check can go red, on samples in a temporary folder
#
# A check defines check(), which prints the faults of the tree at $source, and self_test(), which
# makes samples below $scratch and calls expect_red and expect_green on them. Nothing is written into the tree.
# shellcheck shell=sh

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
compiler=${CC:-cc}

# Beside the faults: what is worth knowing and no fault.
note() {
    echo "$*" >&3
}

# The C files below the folders given, by their path in $source.
c_files() {
    (cd "$source" && find "$@" -name '*.[ch]' -type f | sort)
}

# Whether the C code on standard input compiles as our own does.
compiles() {
    cat >"$scratch/sample.c"
    # The compiler may be more than a word (ccache gcc).
    # shellcheck disable=SC2086
    $compiler -std=gnu11 -D_GNU_SOURCE -I"$source/src" -include base/attributes.h -fsyntax-only \
        "$scratch/sample.c" >"$scratch/compiler.log" 2>&1
}

# sample PATH: a file of the sample tree, from standard input.
sample() {
    mkdir -p "$(dirname "$scratch/tree/$1")"
    cat >"$scratch/tree/$1"
}

run_on_sample() {
    (source=$scratch/tree && check) >"$scratch/faults" 2>&1 3>/dev/null
}

# expect_red WHAT: the sample tree has a fault whose line begins with WHAT.
expect_red() {
    if run_on_sample && [ ! -s "$scratch/faults" ]; then
        echo "self-test: green, but there is a fault to find: $1"
        return
    fi
    awk -v what="$1" 'index($0, what) == 1 { found = 1 } END { exit !found }' "$scratch/faults" || {
        echo "self-test: red, but not because of '$1':"
        cat "$scratch/faults"
    }
}

# The positive control.
expect_green() {
    run_on_sample && [ ! -s "$scratch/faults" ] && return
    echo "self-test: red on a sample without a fault:"
    cat "$scratch/faults"
}

check_main() {
    what=check
    if [ "${1:-}" = --self-test ]; then
        what=self_test
        shift
    fi
    source=$(cd "${1:-$here/../..}" && pwd) || exit 2
    # shellcheck disable=SC2034 # options-documented wants it
    program=${2:-}
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/therappai-check.XXXXXX") || exit 2
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 129' HUP INT TERM
    mkdir "$scratch/tree"
    exec 3>&1
    $what >"$scratch/result" 2>&1
    status=$?
    cat "$scratch/result"
    [ "$status" -eq 0 ] && [ ! -s "$scratch/result" ]
    exit $?
}
