#!/bin/sh
# therappai-auth.sh - workers watched by multiwatch, on a socket made by spawn-fcgi, with the housekeeper beside
# them.
#
#     therappai-auth.sh [SOCKET [WORKERS]]
#
# It stays in the foreground, for runit, daemontools or a service of your own; TERM ends it, and every worker finishes its request.
# multiwatch restarts a worker that dies, and gives up where one dies three times within ten seconds. It knows
# no reload: a changed configuration needs a restart, during which requests wait in nobody's queue.
# `therappai-auth serve` does both; take it where you can choose.
#
# Before: `therappai-auth migrate`, `therappai-auth key generate` and
# `therappai-auth key generate --algorithm MAC` and DATA, as the service's account. The account and the web server's group
# may be given by THERAPPAI_USER and THERAPPAI_WEB_GROUP. To be run as root.
set -eu

socket=${1:-/run/therappai-auth/auth.sock}
workers=${2:-8}
user=${THERAPPAI_USER:-therappai-auth}
web_group=${THERAPPAI_WEB_GROUP:-www-data}
unset THERAPPAI_USER THERAPPAI_WEB_GROUP
program=$(command -v therappai-auth)

# The folder is the service's, because the workers keep a file there; the web server passes through.
install -d -o "$user" -g "$user" -m 0755 "$(dirname "$socket")"

setpriv --reuid "$user" --regid "$user" --clear-groups "$program" housekeeper &
housekeeper=$!
# -n: spawn-fcgi becomes multiwatch, which has the socket as descriptor 0.
spawn-fcgi -n -s "$socket" -M 0660 -U "$user" -G "$web_group" -u "$user" -g "$user" \
    -- "$(command -v multiwatch)" -f "$workers" -s TERM -- "$program" &
multiwatch=$!

trap 'kill -TERM "$multiwatch" 2>/dev/null || :' HUP INT TERM
# A signal ends `wait` early; multiwatch goes when its last worker has gone.
status=0
while kill -0 "$multiwatch" 2>/dev/null; do
    status=0
    wait "$multiwatch" || status=$?
done
kill -TERM "$housekeeper" 2>/dev/null || :
wait "$housekeeper" || :
rm -f -- "$socket"
exit "$status"
