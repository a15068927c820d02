#!/bin/sh
# Starts a Postfix with files of its own, hands it the mailing, and runs until it is ended.
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

mkdir -p "$work/config" "$work/queue" "$work/data"
chmod 755 "$work"
chown postfix "$work/data"
sed "s|WORK/|$work/|; s|= WORK$|= $work|" "$here/main.cf" >"$work/config/main.cf"
cp "$here/master.cf" "$work/config/"
postfix -c "$work/config" start-fg &

send() { smtp-source -f news@sender.example -t "$1" -S News 127.0.0.1:10025; }
while read -r address; do
  # The first one has to wait for Postfix to start.
  until send "$address" 2>/dev/null; do sleep 1; done
done <"$here/addresses.txt"
wait
