#!/bin/sh
# Hands the mailing to an Exim with files of its own, and runs its queue every five minutes until it is ended.
# Usage: run.sh [FOLDER]   FOLDER keeps its queue and log; without it they are temporary.
set -eu
PATH=$PATH:/usr/sbin
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 0 ]; then
  mkdir -p "$1"
  work=$(cd "$1" && pwd)
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 143' TERM INT
fi

mkdir -p "$work/spool" "$work/log"
chmod 755 "$work"
chown Debian-exim "$work/spool" "$work/log"
sed "s|WORK/|$work/|; s|EXIM_PATH|$(command -v exim4)|" "$here/exim.conf" >"$work/exim.conf"
exim() { exim4 -C "$work/exim.conf" "$@"; }

while read -r address; do
  printf 'From: news@sender.example\nTo: %s\nSubject: News\n\nHello\n' "$address" |
    exim -odq -f news@sender.example "$address"
done <"$here/addresses.txt"

# Not `exim -bd -q5m`: it waits with a timer of the system, which runs in real time.
while :; do
  exim -q
  sleep 300
done
