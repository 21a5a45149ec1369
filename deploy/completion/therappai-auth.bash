# therappai-auth.bash - completes the commands and options of therappai-auth(1) in bash.
#
# Installed as share/bash-completion/completions/therappai-auth; by hand: `. therappai-auth.bash`.
# shellcheck shell=bash

# Each command and its usage, as `therappai-auth help --completion` prints them; `make documentation`
# writes them here.
_therappai_auth_usages='
# commands
serve 
housekeeper [--once]
migrate [--status]
key list [--json]
key generate [--algorithm HS256|ES256|RS256|EdDSA|MAC|DATA] [--state created|signing]
key rotate [--algorithm HS256|ES256|RS256|EdDSA|MAC] [--data]
key retire [--force] ID
user add EMAIL --name NAME [--role ROLE] [--json]
user list [PART] [--role ROLE] [--disabled] [--enabled] [--after ID] [--limit N] [--json]
user show USER [--json]
user disable USER [--force]
user enable USER
user passwd USER
user role USER --add ROLE | --remove ROLE [--force]
user delete USER [--yes] [--force]
user export [--output FILE]
user import [--input FILE]
session list USER [--json]
session end SESSION | --user USER
role list [--json]
role set ROLE [PERMISSION]...
role delete ROLE
audit [--user USER] [--event EVENT] [--since TIME] [--limit N] [--json]
check-config 
print-config 
sample-config [--markdown|--man]
openapi 
doctor [--url ORIGIN] [--json]
help [--completion] [COMMAND]
version 
# /commands
'

# _therappai_auth_rests WORDS: of each command that begins with these words ("user add "), what follows them.
_therappai_auth_rests() {
    local line
    while IFS= read -r line; do
        [[ $line == "$1"* && $line == [a-z]* ]] && printf '%s\n' "${line#"$1"}"
    done <<<"$_therappai_auth_usages"
}

# _therappai_auth_next WORDS: the words that may stand there. A word in small letters is the next one of
# a command; anything else is the usage of a whole one, whose options count.
_therappai_auth_next() {
    local rest
    while IFS= read -r rest; do
        if [[ $rest == [a-z]* ]]; then
            echo "${rest%% *}"
        else
            grep -oE -e '--[a-z-]+' <<<"$rest"
        fi
    done < <(_therappai_auth_rests "$1")
    [[ ! $1 ]] || printf '%s\n' --config --set
}

# _therappai_auth_values WORDS OPTION: those that the usage lists, as in "--algorithm HS256|ES256".
_therappai_auth_values() {
    _therappai_auth_rests "$1" | grep -oE -e "$2 [^] ]*\|[^] ]*" | sed 's/^[^ ]* //' | tr '|' '\n'
}

_therappai_auth() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} given='' word i
    COMPREPLY=()
    # Options, and what they take, stand between the words of a command.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --config | --set) i=$((i + 1)) ;;
        [a-z]*) [[ ! $(_therappai_auth_rests "$given$word ") ]] || given+="$word " ;;
        esac
    done
    case $previous in
    --config | --output | --input) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    --set)
        compopt -o nospace 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --config /dev/null sample-config \
            2>/dev/null | sed -n 's/^#\([a-z0-9_]*\) = .*/\1=/p')" -- "$current")
        ;;
    --*)
        word=$(_therappai_auth_values "$given" "$previous")
        mapfile -t COMPREPLY < <(compgen -W "${word:-$(_therappai_auth_next "$given")}" -- "$current")
        ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$(_therappai_auth_next "$given")" -- "$current") ;;
    esac
}
complete -F _therappai_auth therappai-auth
