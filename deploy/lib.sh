# lib.sh - what the scripts of this folder share. To be sourced by bash.
# shellcheck shell=bash

# The script's own name begins its lines.
progress() {
    printf '%s: %s\n' "${0##*/}" "$*"
}

# What is wrong, and how to mend it.
fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
    exit 1
}

# long_step WHAT LOG COMMAND...: runs it in a process group of its own, with its output in LOG, and says
# every fifteen seconds that it still runs. Returns its exit status. Whoever is interrupted calls
# long_step_abort. Descriptor 9 is the caller's lock, and nobody else's.
long_step_pid='' long_step_ticker=''
long_step() {
    local what=$1 log=$2 started=$SECONDS status=0
    shift 2
    progress "$what …"
    setsid "$@" >"$log" 2>&1 </dev/null 9>&- &
    long_step_pid=$!
    (
        # Waits without a child, which would outlive it.
        exec {never}<> <(:)
        while kill -0 $$ 2>/dev/null && ! read -rt 15 -u "$never"; do
            progress "  … $((SECONDS - started)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
        done
    ) 9>&- &
    long_step_ticker=$!
    wait "$long_step_pid" || status=$?
    long_step_pid=''
    end_ticker
    [ "$status" -ne 0 ] || progress "  done in $((SECONDS - started)) s"
    return "$status"
}

end_ticker() {
    [ -n "$long_step_ticker" ] || return 0
    kill "$long_step_ticker" 2>/dev/null || true
    wait "$long_step_ticker" 2>/dev/null || true
    long_step_ticker=''
}

# Gives what was interrupted a while to tidy up: a test has servers to stop.
long_step_abort() {
    local tries=0
    end_ticker
    [ -n "$long_step_pid" ] || return 0
    kill -TERM -- "-$long_step_pid" 2>/dev/null || true
    while kill -0 -- "-$long_step_pid" 2>/dev/null && [ $tries -lt 300 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -KILL -- "-$long_step_pid" 2>/dev/null || true
}

# make_configure SOURCE LOG: ./configure, where it is missing or older than what it is made from. Two
# scripts at once take turns.
make_configure() {
    (
        flock 8
        if [ ! -x "$1/configure" ] || [ ! -f "$1/Makefile.in" ] ||
            [ "$1/configure.ac" -nt "$1/configure" ] || [ "$1/Makefile.am" -nt "$1/Makefile.in" ]; then
            progress "making ./configure …"
            "$1/autogen.sh" >"$2" 2>&1
        fi
    ) 8<"$1"
}
