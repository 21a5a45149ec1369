#!/bin/sh
# therappai-auth.sh - bare workers by spawn-fcgi, where `therappai-auth serve` is not wanted.
#
# -F 4 starts four workers on one socket. spawn-fcgi goes away then: nobody restarts a worker that
# dies, and a changed configuration needs new workers. `therappai-auth serve` does both.
#
# Before: `therappai-auth migrate`, `therappai-auth key generate` (for access tokens) and
# `therappai-auth key generate --algorithm MAC` (for refresh tokens), and the same with DATA (for personal information).
#
# The web server connects to the socket; its group is the one of -G. The service's account (-u, -g)
# owns the key directory and is the worker's role in PostgreSQL.
set -eu

socket=${1:-/run/therappai-auth/auth.sock}
user=${2:-therappai-auth}
web_group=${3:-www-data}

install -d -o "$user" -g "$user" -m 0755 "$(dirname "$socket")"
spawn-fcgi -F 4 -s "$socket" -M 0660 -U "$user" -G "$web_group" -u "$user" -g "$user" \
    -- "$(command -v therappai-auth)"

# What `serve` does by the way: mail is sent, old sessions are removed.
#   therappai-auth housekeeper &
# To end the workers: kill them by their ids (spawn-fcgi -P FILE writes them).
